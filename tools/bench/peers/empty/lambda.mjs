/** The baseline of every start. */
export const handler = async () => ({ statusCode: 200 });
