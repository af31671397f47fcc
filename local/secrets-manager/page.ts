import { ServiceError } from './errors.ts';

interface Item {
  createdAt: number;
}

interface Request {
  MaxResults?: number | undefined;
  NextToken?: string | undefined;
}

/**
 * One page of the items, by their creation. A token names the last item shown rather than a position, so that items which
 * come or go between two pages neither hide nor repeat another. Throws InvalidNextTokenException.
 */
export function page<T extends Item>(
  items: T[],
  idOf: (item: T) => string,
  request: Request,
  order: 'asc' | 'desc' = 'asc',
): { items: T[]; NextToken?: string } {
  const sign = order === 'asc' ? 1 : -1;
  const keyOf = (item: T) => `${String(item.createdAt).padStart(15, '0')} ${idOf(item)}`;
  const compare = (one: string, other: string) => (one === other ? 0 : one < other ? -sign : sign);

  const sorted = items.toSorted((one, other) => compare(keyOf(one), keyOf(other)));
  const after = request.NextToken === undefined ? undefined : keyIn(request.NextToken);
  const left = after === undefined ? sorted : sorted.filter((item) => compare(keyOf(item), after) > 0);
  const shown = left.slice(0, request.MaxResults ?? 100);
  const last = shown.at(-1);
  return last === undefined || shown.length === left.length
    ? { items: shown }
    : { items: shown, NextToken: Buffer.from(keyOf(last)).toString('base64url') };
}

function keyIn(token: string): string {
  const key = Buffer.from(token, 'base64url').toString();
  if (/^\d{15} /.test(key)) return key;
  throw new ServiceError('InvalidNextTokenException', 'The NextToken value is invalid.');
}
