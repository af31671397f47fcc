import { makeAwsKey } from '#local/aws-key.ts';

/** The access key of the AWS servers that a test file starts. */
export const awsKey = makeAwsKey();

/** What a proxy in front of them passes on of an `Authorization` header: the servers' own key in place of the caller's. */
export function withAwsKey(authorization: string): string {
  return authorization.replace(/Credential=[^/]+/, `Credential=${awsKey.accessKeyId}`);
}
