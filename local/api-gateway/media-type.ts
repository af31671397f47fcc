/**
 * Whether a request body of this content type reaches a function as text; every other one, a form and one without a
 * type included, reaches it in base64.
 */
export function isText(contentType: string | undefined): boolean {
  const [mediaType = ''] = (contentType ?? '').split(';');
  return /^(?:text\/.*|application\/(?:json|javascript|xml)|.*\+(?:json|xml))$/.test(mediaType.trim().toLowerCase());
}
