/** What every start is compared with. */
export const handler = async () => ({ statusCode: 200 });
