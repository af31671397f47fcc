/** The media types in which Budgea takes a body. */
export type MediaType = 'application/json' | 'application/x-www-form-urlencoded' | 'multipart/form-data';

/** Named values of a query or a body; an undefined one is left out. */
export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** A body and the `Content-Type` that says how to read it. */
export interface EncodedBody {
  contentType: string;
  text: string;
}

/** Writes fields as a body of the media type. */
export function encodeBody(mediaType: MediaType, fields: Fields): EncodedBody {
  switch (mediaType) {
    case 'application/json':
      return { contentType: mediaType, text: JSON.stringify(Object.fromEntries(present(fields))) };
    case 'application/x-www-form-urlencoded':
      return { contentType: mediaType, text: encodeQuery(fields) };
    case 'multipart/form-data':
      return encodeMultipart(fields);
  }
}

/** Writes fields as `name=value&…`, percent-encoded; empty without any. */
export function encodeQuery(fields: Fields): string {
  return new URLSearchParams(
    present(fields).map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
}

function encodeMultipart(fields: Fields): EncodedBody {
  const boundary = `budgea-${crypto.randomUUID()}`;
  const parts = present(fields).map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return { contentType: `multipart/form-data; boundary=${boundary}`, text: `${parts.join('')}--${boundary}--\r\n` };
}

function present(fields: Fields): [string, string | number | boolean][] {
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}
