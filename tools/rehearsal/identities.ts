/** Credentials of somebody whose rights the emulator checks. */
export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** Who can act in the account. */
export interface Identities {
  /** A person with one policy. */
  createUser(name: string, policyArn: string): Promise<Credentials>;
  /** A function, as its role. */
  assumeRole(name: string): Promise<Credentials>;
  /** Somebody who may do what a role may that only AWS can assume: what its inline policy of that name says. */
  createStandIn(role: string, policy: string): Promise<Credentials>;
}

/** IAM and STS of an account that the emulator holds. */
export function openIdentities({
  emulator,
  account,
  region,
}: {
  emulator: string;
  account: string;
  region: string;
}): Identities {
  async function ask(service: 'iam' | 'sts', fields: Record<string, string>): Promise<string> {
    const answer = await fetch(emulator, {
      method: 'POST',
      headers: {
        // The emulator reads of the account's own signature who it is, and does not check it.
        authorization: `AWS4-HMAC-SHA256 Credential=${account}/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams(fields).toString(),
    });
    const xml = await answer.text();
    if (!answer.ok) throw new Error(`${fields['Action']} fails: ${textOf(xml, 'Message')}`);
    return xml;
  }

  return {
    async createUser(UserName, PolicyArn) {
      await ask('iam', { Action: 'CreateUser', UserName });
      await ask('iam', { Action: 'AttachUserPolicy', UserName, PolicyArn });
      return credentialsIn(await ask('iam', { Action: 'CreateAccessKey', UserName }));
    },

    async assumeRole(name) {
      const RoleArn = `arn:aws:iam::${account}:role/${name}`;
      const xml = await ask('sts', { Action: 'AssumeRole', RoleArn, RoleSessionName: 'rehearsal' });
      return { ...credentialsIn(xml), sessionToken: textOf(xml, 'SessionToken') };
    },

    async createStandIn(RoleName, PolicyName) {
      const policy = await ask('iam', { Action: 'GetRolePolicy', RoleName, PolicyName });
      const PolicyDocument = decodeURIComponent(textOf(policy, 'PolicyDocument'));
      const UserName = RoleName;
      await ask('iam', { Action: 'CreateUser', UserName });
      await ask('iam', { Action: 'PutUserPolicy', UserName, PolicyName, PolicyDocument });
      return credentialsIn(await ask('iam', { Action: 'CreateAccessKey', UserName }));
    },
  };
}

function credentialsIn(xml: string): Credentials {
  return { accessKeyId: textOf(xml, 'AccessKeyId'), secretAccessKey: textOf(xml, 'SecretAccessKey') };
}

function textOf(xml: string, tag: string): string {
  return new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(xml)?.[1] ?? '';
}
