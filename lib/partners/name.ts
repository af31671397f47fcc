/** Why a text cannot be a partner's name, which is shown on terminals: a sentence, or undefined when it can. */
export function partnerNameFault(text: string): string | undefined {
  if (/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,100}$/u.test(text)) return undefined;
  return 'A name has 1 to 100 characters and is one line.';
}
