import type { Template } from './templates.ts';

/** What is said otherwise in a template, because the emulator understands it otherwise than AWS or not at all. */
export interface Rewrite {
  about: string;
  /** What stands in the place of a value; the value itself where nothing is to be changed. */
  rewrite: (value: object, template: Template) => unknown;
}

const withoutTls = JSON.stringify({ Bool: { 'aws:SecureTransport': 'false' } });

/** What MiniStack understands otherwise. */
export const rewrites: readonly Rewrite[] = [
  {
    about:
      'references to secrets by their ARNs: AWS takes a Ref for one, the emulator for a name, which no policy can be about',
    rewrite: (value, { Resources }) =>
      'Ref' in value && Resources[String(value.Ref)]?.Type === 'AWS::SecretsManager::Secret'
        ? { 'Fn::GetAtt': [value.Ref, 'Id'] }
        : value,
  },
  {
    about:
      'statements without their condition on dynamodb:LeadingKeys: the emulator does not know that key and denies every call',
    rewrite(value) {
      if (!('Condition' in value) || !JSON.stringify(value.Condition).includes('"dynamodb:LeadingKeys"')) return value;
      return Object.fromEntries(Object.entries(value).filter(([name]) => name !== 'Condition'));
    },
  },
  {
    about: 'statements that deny calls without TLS: the emulator answers over HTTP alone',
    rewrite: (value) =>
      JSON.stringify(value) === withoutTls ? { Bool: { 'aws:SecureTransport': 'whatever' } } : value,
  },
];

/** Applies them; gives how often each was. */
export function rewriteAll(template: Template): { template: Template; counts: number[] } {
  const counts = rewrites.map(() => 0);
  const rewritten = JSON.parse(JSON.stringify(template), (_, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value;
    return rewrites.reduce<unknown>((before, { rewrite }, index) => {
      const after = rewrite(before as object, template);
      if (after !== before) counts[index] = (counts[index] ?? 0) + 1;
      return after;
    }, value);
  }) as Template; // Of the same shape.
  return { template: rewritten, counts };
}
