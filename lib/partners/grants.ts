/** What a grant can say, as shown to whoever mistypes one. */
export const grantForms = [
  'users:all',
  'jwt:permanent',
  'jwt:scope:<scope>',
  'admin:jwt:<scope>:<longest duration in minutes>',
];

const grantFormat = /^(users:all|jwt:permanent|jwt:scope:[\w.:/*-]{1,64}|admin:jwt:[\w.:/*-]{1,64}:[1-9]\d{0,8})$/;

/** Whether a text is a grant. */
export function isGrant(text: string): boolean {
  return grantFormat.test(text);
}

/** Whether the grants allow a manage JWT of this scope for this many minutes. */
export function allowsAdminJwt(grants: readonly string[], scope: string, minutes: number): boolean {
  const prefix = `admin:jwt:${scope}:`;
  return grants.some((grant) => {
    const longest = grant.startsWith(prefix) ? grant.slice(prefix.length) : '';
    return /^\d+$/.test(longest) && minutes >= 1 && minutes <= Number(longest);
  });
}
