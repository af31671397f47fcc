/** The CRC-32 of ASCII text, bit by bit (ISO 3309): for the few characters of a key, Node's own would load all of its compression. */
export function crc32(text: string): number {
  let rest = 0xffffffff;
  for (let place = 0; place < text.length; place++) {
    rest ^= text.charCodeAt(place);
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb88320 : 0);
  }
  return (rest ^ 0xffffffff) >>> 0;
}
