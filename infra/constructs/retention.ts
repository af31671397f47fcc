import { RemovalPolicy } from 'aws-cdk-lib';
import type { Environment } from '../environment.ts';

/** What becomes of data and logs when their stack is deleted: a production environment's stay, unless the stack never came to be. */
export function afterDeletion({ production }: Environment): RemovalPolicy {
  return production ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY;
}
