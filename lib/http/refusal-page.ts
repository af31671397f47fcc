const style = `
:root{color-scheme:light dark;--text:#1b2430;--soft:#566273;--ground:#fff}
@media(prefers-color-scheme:dark){:root{--text:#e8edf4;--soft:#a3afbf;--ground:#14181f}}
body{font:1rem/1.5 system-ui,sans-serif;max-width:34em;margin:12vh auto;padding:0 1.25em;background:var(--ground);color:var(--text)}
h1{font-size:1.5rem;line-height:1.25}
small{color:var(--soft);overflow-wrap:anywhere}
`;

/** Lets a browser use the page's style sheet, whose hash this is, and nothing else. */
export const refusalPagePolicy =
  "default-src 'none'; style-src 'sha256-yItBIU61lBYkleF57TqWOyjfNDWdagcFxUf5g13ClZw='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The page that tells a person why a call was refused, and what to do. The texts are HTML already. */
export function refusalPage({ status, why, request }: { status: number; why: string; request: string }): string {
  const [title, advice] =
    status < 500 && status !== 429
      ? ['You cannot go on from here', 'Go back to the application that sent you here and begin again.']
      : ['This did not work', 'Wait a minute, then go back to the application that sent you here and begin again.'];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${style}</style>
<main>
<h1>${title}</h1>
<p>${why}</p>
<p>${advice}</p>
<p>If it happens again, tell the makers of that application, and give them this number:</p>
<p><small>Request ${request}</small></p>
</main>
</html>
`;
}
