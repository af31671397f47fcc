import { ServiceError } from './errors.ts';

/**
 * Returns one page of the items, by creation. A token names the last item of a page and not a position: an item that is added or deleted
 * between two pages does not hide or repeat another. Throws InvalidNextTokenException.
 */
export function page<T extends { createdAt: number }>(
  items: T[],
  idOf: (item: T) => string,
  request: { MaxResults?: number | undefined; NextToken?: string | undefined },
  order: 'asc' | 'desc' = 'asc',
): { items: T[]; NextToken?: string } {
  const sign = order === 'asc' ? 1 : -1;
  const keyOf = (item: T) => `${String(item.createdAt).padStart(15, '0')} ${idOf(item)}`;
  const compare = (one: string, other: string) => (one === other ? 0 : one < other ? -sign : sign);

  const sorted = items.toSorted((one, other) => compare(keyOf(one), keyOf(other)));
  const after = request.NextToken === undefined ? undefined : keyIn(request.NextToken);
  const remaining = after === undefined ? sorted : sorted.filter((item) => compare(keyOf(item), after) > 0);
  const selected = remaining.slice(0, request.MaxResults ?? 100);
  const last = selected.at(-1);
  return last === undefined || selected.length === remaining.length
    ? { items: selected }
    : { items: selected, NextToken: Buffer.from(keyOf(last)).toString('base64url') };
}

function keyIn(token: string): string {
  const key = Buffer.from(token, 'base64url').toString();
  if (/^\d{15} /.test(key)) return key;
  throw new ServiceError('InvalidNextTokenException', 'The NextToken value is invalid.');
}
