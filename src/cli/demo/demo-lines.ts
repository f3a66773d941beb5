/** Somebody of the demo; the passwords are in config/demo-directory.yaml for everybody to read. */
interface DemoPerson {
  readonly email: string
  readonly password: string
  /** What each tenant's masks come to, in words. */
  readonly sees: readonly string[]
}

export const demoPeople: readonly DemoPerson[] = [
  {
    email: 'ann@acme.example',
    password: 'violet-kettle-harbour',
    sees: ['acme: orders of entity A, never their margin'],
  },
  {
    email: 'bob@globex.example',
    password: 'copper-lantern-meadow',
    sees: ['globex: orders of entity A, or of 5,000 and more; may add orders of entity A'],
  },
  {
    email: 'carol@consult.example',
    password: 'silver-anchor-thistle',
    sees: ['acme: paid and shipped orders, none above 5,000', 'globex: her own orders; may add to them'],
  },
  {
    email: 'frank@globex.example',
    password: 'walnut-bridge-lagoon',
    sees: ['globex: his own orders; shares them with Gina'],
  },
  {
    email: 'gina@globex.example',
    password: 'marble-orchard-signal',
    sees: ["globex: Frank's orders, which he shares with her, and no other"],
  },
  {
    email: 'dave@acme.example',
    password: 'amber-compass-glacier',
    sees: ['acme: every order, and may add more; nothing of globex'],
  },
]

export interface DemoCommand {
  readonly title: string
  /** For a POSIX shell with curl and sed. */
  readonly command: string
}

/** One of Bob's orders. */
const foreignOrder = 14

/** Commands worth trying, as they are printed. */
export function demoCommands(url: string): readonly DemoCommand[] {
  return [
    { title: 'Ann lists the orders', command: `curl -s ${asCaller(url, 'ann@acme.example')} ${url}/orders` },
    { title: 'Bob lists the same orders', command: `curl -s ${asCaller(url, 'bob@globex.example')} ${url}/orders` },
    {
      title: `Ann asks for order ${foreignOrder}, which is Bob's: there is no such order for her`,
      command: `curl -s ${asCaller(url, 'ann@acme.example')} ${url}/orders/${foreignOrder}`,
    },
    {
      title: 'Bob writes into the other company: refused, and the app hears nothing of it',
      command: `curl -s ${asCaller(url, 'bob@globex.example')} ${url}/orders -H "Content-Type: application/json" -d '{"account":"acme","entity":"A","amount":1}'`,
    },
    {
      title: 'Carol works for both companies, and sees one at a time',
      command: ['acme', 'globex']
        .map((tenant) => `curl -s ${asCaller(url, 'carol@consult.example', tenant)} ${url}/orders`)
        .join('; '),
    },
    {
      title: 'Gina sees what Frank shares with her',
      command: `curl -s ${asCaller(url, 'gina@globex.example')} ${url}/orders`,
    },
    {
      title: "Bob's orders from the legacy shop, as CSV (also .xml .ndjson .html, and /legacy/events with curl -N)",
      command: `curl -s ${asCaller(url, 'bob@globex.example')} ${url}/legacy/orders.csv`,
    },
  ]
}

/** Signs in and uses the token, in one go. */
function asCaller(url: string, email: string, tenant?: string): string {
  const password = demoPeople.find((person) => person.email === email)?.password ?? ''
  const signIn = `curl -s ${url}/.sallyport/token -d email=${email} -d password=${password}${tenant === undefined ? '' : ` -d tenant=${tenant}`}`
  return `-H "Authorization: Bearer $(${signIn} | sed -E 's/.*"access_token":"([^"]+)".*/\\1/')"`
}

export interface DemoAddresses {
  readonly url: string
  readonly adminUrl: string
  readonly upstreams: { readonly orders: string; readonly legacy: string }
  /** How to call this program. */
  readonly name: string
}

/** What `npm start` prints. */
export function demoLines({ url, adminUrl, upstreams, name }: DemoAddresses): string {
  const commands = demoCommands(url).map(({ title, command }) => `  # ${title}\n  ${command}\n`)
  return `
Sallyport demo: two companies' orders in apps that know nothing of companies.

${aligned([
  ['edge', url, `in a browser: ${url}/legacy/orders.html, then sign in`],
  ['admin', adminUrl, '/healthz /readyz /metrics'],
  ['sample app', upstreams.orders, 'json-server, behind the edge: shows every row to anybody'],
  ['legacy shop', upstreams.legacy, 'the same as XML, CSV, HTML, events, GraphQL, WebSocket'],
])}

Accounts (for this demo only, on this machine only):
${aligned(demoPeople.flatMap(linesOf))}

Worth trying:
${commands.join('\n')}
Why it answers so:  ${name} explain --demo --account ann@acme.example --tenant acme --method GET --path /orders --response sample
Why one row:        ${name} explain --demo --account gina@globex.example --tenant globex --dataset orders --row '{"account":"globex","owner":"frank","status":"open"}'
A mask, 7 ways:     ${name} explain --demo --account bob@globex.example --tenant globex --dataset orders --render all
Your own app:       ${name} serve --upstream http://127.0.0.1:3000
Stop:               Ctrl-C
`
}

function linesOf({ email, password, sees: [first = '', ...more] }: DemoPerson): readonly (readonly string[])[] {
  return [[email, password, first], ...more.map((line) => ['', '', line])]
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows
    .map(
      (row) =>
        `  ${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}`,
    )
    .join('\n')
}
