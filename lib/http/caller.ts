import type { PresentedKey } from '../partners/key.ts';
import type { PartnerRecord } from '../partners/record.ts';

/** What a request presents: a partner key in one of three places, an upstream token, or nothing. `key` is undefined when it is malformed. */
export type Credential =
  | { kind: 'client' | 'manager' | 'identified'; key: PresentedKey | undefined }
  | { kind: 'token'; token: string }
  | { kind: 'anonymous' };

/** A partner that proved who it is. */
export interface Partner {
  kind: 'client' | 'manager' | 'identified';
  clientId: string;
  /** Which of its keys, as it may be logged. */
  keyId: string;
  /** Notes that the key was used, once however often it is asked for; never fails. */
  readonly noteUse: () => Promise<void>;
  /** Whether the partner's record passes; asked of a fresh record before the answer is no. */
  allows(test: (record: PartnerRecord) => boolean): Promise<boolean>;
}

/** Who calls. */
export type Caller = Partner | { kind: 'token'; token: string } | { kind: 'anonymous' };

/** Whether the caller is a partner, by whichever kind of credential. */
export function isPartner(caller: Caller): caller is Partner {
  return caller.kind !== 'token' && caller.kind !== 'anonymous';
}
