import { makeAwsKey } from '#local/aws-key.ts';

/** The access key of the AWS servers in tests. */
export const awsKey = makeAwsKey();

/** Replaces the access key in an `Authorization` header by {@link awsKey}, for proxies in front of the servers. */
export function withAwsKey(authorization: string): string {
  return authorization.replace(/Credential=[^/]+/, `Credential=${awsKey.accessKeyId}`);
}
