/** A named encoding of a text. */
export type Encoding = [name: string, encode: (text: string) => string];

const bytesOf = (text: string) => [...Buffer.from(text)];
const hexOf = (text: string) => Buffer.from(text).toString('hex');
const base64Of = (text: string) => Buffer.from(text).toString('base64');
const utf16Of = (text: string) => Buffer.from(text, 'utf16le');

const inLines = (text: string, columns: number, end: string) =>
  text.replaceAll(new RegExp(`.{${columns}}(?=.)`, 'g'), `$&${end}`);
const eachCharacter = (text: string, escape: (code: number) => string) =>
  Array.from(text, (character) => escape(character.charCodeAt(0))).join('');
const digits = (code: number, length = 2) => code.toString(16).padStart(length, '0');
const eachByte = (text: string, separator: string, prefix = '') =>
  bytesOf(text)
    .map((byte) => prefix + digits(byte))
    .join(separator);

const htmlReferences: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const html = (text: string) => text.replaceAll(/[&<>"']/g, (character) => htmlReferences[character] ?? character);
const html5 = (text: string) =>
  html(text).replaceAll('+', '&plus;').replaceAll('/', '&sol;').replaceAll('=', '&equals;').replaceAll('_', '&lowbar;');

/** Changes of a credential before it is encoded. */
export const changes: Encoding[] = [
  ['nothing', (text) => text],
  ['upper case', (text) => text.toUpperCase()],
  ['lower case', (text) => text.toLowerCase()],
  ['lines', (text) => inLines(text, 20, '\n')],
  ['UTF-16', (text) => utf16Of(text).toString('latin1')],
  ['a request', (text) => `GET /2.0/users/7 HTTP/1.1\r\nauthorization: Bearer ${text}\r\nhost: example.com\r\n`],
  ['a sentence in another language', (text) => `Clé erronée : « ${text} », réessayez.`],
];

/** Encodings that escape characters. */
export const escapes: Encoding[] = [
  ['JSON', (text) => JSON.stringify(text)],
  ['JSON with escaped slashes', (text) => JSON.stringify(text).replaceAll('/', '\\/')],
  ['JSON in a JSON string', (text) => JSON.stringify(JSON.stringify({ request: text }))],
  ['JSON in two JSON strings', (text) => JSON.stringify(JSON.stringify(JSON.stringify({ request: [text] })))],
  ['\\u escapes', (text) => eachCharacter(text, (code) => `\\u${digits(code, 4)}`)],
  ['\\u escapes in upper case', (text) => eachCharacter(text, (code) => `\\u${digits(code, 4).toUpperCase()}`)],
  ['\\x escapes', (text) => eachCharacter(text, (code) => `\\x${digits(code)}`)],
  ['percent-encoding', (text) => encodeURIComponent(text)],
  ['percent-encoding of every byte', (text) => hexOf(text).replaceAll(/../g, '%$&')],
  ['percent-encoding in upper case', (text) => hexOf(text).toUpperCase().replaceAll(/../g, '%$&')],
  ['percent-encoding, four times', (text) => [1, 2, 3, 4].reduce((encoded) => encodeURIComponent(encoded), text)],
  ['a form', (text) => new URLSearchParams({ client_secret: text, code: 'a' }).toString()],
  ['HTML', html],
  ['HTML, twice', (text) => html(html(text))],
  ['HTML with named punctuation', html5],
  ['decimal HTML references', (text) => eachCharacter(text, (code) => `&#${code};`)],
  ['decimal HTML references with zeros', (text) => eachCharacter(text, (code) => `&#0${code};`)],
  ['HTML references without semicolons', (text) => eachCharacter(text, (code) => `&#${code}`)],
  ['hexadecimal HTML references', (text) => eachCharacter(text, (code) => `&#x${digits(code)};`)],
  [
    'hexadecimal HTML references in upper case',
    (text) => eachCharacter(text, (code) => `&#X${digits(code)};`.toUpperCase()),
  ],
];

/** Encodings of bytes. */
export const codes: Encoding[] = [
  ['base64', base64Of],
  ['base64 at offset 1', (text) => base64Of(`-${text}`)],
  ['base64 at offset 2', (text) => base64Of(`--${text}`)],
  ['base64 between other letters', (text) => base64Of(`é${text}é`)],
  ['base64 in a path of base64 characters', (text) => `id/${base64Of(text)}/raw`],
  ['base64 without padding', (text) => base64Of(text).replaceAll('=', '')],
  ['base64 with escaped slashes', (text) => base64Of(text).replaceAll('/', '\\/')],
  ['base64 in lines of 64', (text) => inLines(base64Of(text), 64, '\n')],
  ['base64 in lines of 76', (text) => inLines(base64Of(text), 76, '\r\n')],
  ['base64 in lines in a JSON string', (text) => JSON.stringify(inLines(base64Of(text), 76, '\r\n'))],
  ['base64 in lines in two JSON strings', (text) => JSON.stringify(JSON.stringify(inLines(base64Of(text), 64, '\n')))],
  ['base64 of UTF-16', (text) => utf16Of(text).toString('base64')],
  ['base64url', (text) => Buffer.from(text).toString('base64url')],
  ['a Basic header', (text) => `Basic ${base64Of(`12345678:${text}`)}`],
  ['hexadecimal', hexOf],
  ['hexadecimal in upper case', (text) => hexOf(text).toUpperCase()],
  ['hexadecimal after a digit', (text) => `a${hexOf(text)}`],
  ['hexadecimal after 0x', (text) => `0x${hexOf(text)}`],
  ['hexadecimal in lines', (text) => inLines(hexOf(text), 64, '\n')],
  ['hexadecimal of UTF-16', (text) => utf16Of(text).swap16().toString('hex')],
  ['bytes with spaces', (text) => eachByte(text, ' ')],
  ['bytes with colons', (text) => eachByte(text, ':').toUpperCase()],
  ['bytes with commas', (text) => eachByte(text, ', ')],
  ['bytes with dashes', (text) => eachByte(text, '-')],
  ['bytes with 0x', (text) => eachByte(text, '', '0x')],
  ['bytes with 0x and commas', (text) => eachByte(text, ', ', '0x').toUpperCase()],
  ['bytes as JSON strings', (text) => JSON.stringify(eachByte(text, ' ', '0x').split(' '))],
  ['bytes as JSON numbers', (text) => JSON.stringify(bytesOf(text))],
  ['bytes as JSON numbers in lines', (text) => JSON.stringify(bytesOf(text), undefined, 2)],
  ['a Buffer in JSON', (text) => JSON.stringify({ body: Buffer.from(text) })],
  ['decimal bytes with spaces', (text) => `[${bytesOf(text).join(' ')}]`],
];
