import type { DatasetRouteConfig, DocumentRows, FrameRows, GraphqlOperation, RowsConfig } from '../config/config.ts'
import type { Masked, MaskedRows } from '../exchange.ts'
import { compileComposed } from '../mask/evaluate.ts'
import { runCanary } from '../stages/filter/canary.ts'
import { defaultDecodeLimits } from '../stages/filter/content-coding.ts'
import type { AnswerRules } from '../stages/filter/filter-response.ts'
import { defaultRowLimits, type RowPlan } from '../stages/filter/row-plan.ts'
import { resolveRows } from '../stages/mask/resolve-mask.ts'
import type { App } from '../stages/match/route-table.ts'

/** One per (what a caller may see, route or operation of a route); forgotten with the caller's rights. */
const compiled = new WeakMap<MaskedRows, Map<DatasetRouteConfig | GraphqlOperation, AnswerRules>>()

/** How the answer to a decided request is to be read; `operation` is the one that a route with GraphQL was asked for. */
export function answerRules(masked: Masked, operation?: GraphqlOperation): 'undeclared' | AnswerRules {
  const { rows, route } = masked
  if (rows.kind === 'undeclared' || route.rows === undefined) return 'undeclared'
  const known = compiled.get(rows) ?? new Map<DatasetRouteConfig | GraphqlOperation, AnswerRules>()
  compiled.set(rows, known)
  const key = operation ?? route.rows
  const rules = known.get(key) ?? compileRules(rows, route.rows, operation, rolesOf(masked))
  known.set(key, rules)
  return rules
}

function compileRules(
  rows: MaskedRows,
  route: DatasetRouteConfig,
  operation: GraphqlOperation | undefined,
  roles: readonly string[],
): AnswerRules {
  const { pass, keepHeaders } = route
  const readers = readersOf(route.rows, operation)
  return { plan: rowPlan(rows, route, readers), readers, roles, pass, keepHeaders, decode: defaultDecodeLimits }
}

/** Where GraphQL is asked, JSON is the answer to an operation: without one there is nothing to read it by. */
function readersOf(declared: RowsConfig, operation: GraphqlOperation | undefined): RowsConfig {
  if (declared.graphql === undefined) return declared
  return { ...declared, ...(operation?.rows ?? { at: [] }) }
}

/** Of the same lifetime. */
const framePlans = new WeakMap<MaskedRows, Map<DatasetRouteConfig, RowPlan>>()

/** The filter of an app's messages; undefined where the route lets none through. */
export function framePlan({ rows, route }: Masked): RowPlan | undefined {
  const frames = route.rows?.rows.frames
  if (rows.kind === 'undeclared' || route.rows === undefined || frames === undefined) return undefined
  const known = framePlans.get(rows) ?? new Map<DatasetRouteConfig, RowPlan>()
  framePlans.set(rows, known)
  const plan = known.get(route.rows) ?? rowPlan(rows, route.rows, frameRows(frames))
  known.set(route.rows, plan)
  return plan
}

function rolesOf({ access }: Masked): readonly string[] {
  return access.kind === 'member' ? access.principal.policy.membership.roles : []
}

/** The filter of one route for one caller; `document` says where rows stand. */
function rowPlan(rows: MaskedRows, route: DatasetRouteConfig, document: DocumentRows): RowPlan {
  const { at, keep, total, strict } = document
  return {
    at,
    predicate: compileComposed(rows.mask),
    withhold: rows.withhold.flatMap((name) => {
      const field = route.dataset.fields.get(name)
      return field === undefined ? [] : [{ name, path: field.path }]
    }),
    withheldAs: route.withheldAs,
    onViolation: route.onViolation,
    keep,
    total: total === undefined ? undefined : { path: total.at, policy: total.policy },
    strict,
    limits: { ...defaultRowLimits, maxRowBytes: route.maxRowBytes, maxBlockBytes: route.maxBlockBytes },
  }
}

/** On rows a HEAD is asked as GET: only the row itself tells whether the caller may know of it. */
export function methodAsked({ arrival, rows }: Masked): string {
  return arrival.method === 'HEAD' && rows.kind === 'masked' ? 'GET' : arrival.method
}

const canaryTenant = 'own-tenant'

/**
 * Sends a row of a foreign tenant through the filter that every route of every app would install, in every kind that the
 * route declares, as the most privileged caller there can be (one grant on all rows) and as one from whom everything that
 * can be withheld is. Throws where it survives, and the edge does not start.
 */
export function runCanaries(apps: readonly App[]): void {
  for (const app of apps)
    for (const { rows } of app.routes)
      if (rows !== undefined) for (const withhold of [[], withholdable(rows)]) runRouteCanaries(rows, withhold)
}

function runRouteCanaries(route: DatasetRouteConfig, withhold: readonly string[]): void {
  const access = resolveRows(canaryPolicy(route, withhold), route.dataset, route.action, undefined)
  const operations = route.rows.graphql?.operations ?? []
  for (const readers of [readersOf(route.rows, undefined), ...operations.map((each) => readersOf(route.rows, each))])
    runCanary(rowPlan(access, route, readers), route.dataset, canaryTenant, readers)
  const { frames } = route.rows
  if (frames !== undefined) runCanary(rowPlan(access, route, frameRows(frames)), route.dataset, canaryTenant)
}

/** Every field that names a key; the tenant's own stays, since nobody is told a row by anything else. */
function withholdable({ dataset }: DatasetRouteConfig): readonly string[] {
  const fields = [...dataset.fields.values()].filter(({ path }) => path[0] !== '*' && path.at(-1) !== '*')
  return fields.map(({ name }) => name).filter((name) => name !== dataset.tenantField)
}

/** A message of the app as the document it is. */
function frameRows({ at, keep }: FrameRows): DocumentRows {
  return { at, keep, total: undefined, strict: false }
}

function canaryPolicy(route: DatasetRouteConfig, withhold: readonly string[]): Parameters<typeof resolveRows>[0] {
  const account = {
    id: 'canary',
    email: '',
    name: '',
    state: 'enabled',
    operator: false,
    epoch: 0,
    passwordExpired: false,
  } as const
  const always = { validFrom: undefined, validUntil: undefined }
  return {
    account,
    tenant: { id: canaryTenant, name: '', signIn: [] },
    membership: { tenant: canaryTenant, account: account.id, roles: [], attributes: {}, ...always },
    groups: [],
    grants: [
      {
        id: 'canary',
        tenant: canaryTenant,
        dataset: route.dataset.name,
        subject: { kind: 'everyone' },
        actions: ['read', 'modify'],
        rows: true,
        effect: 'permit',
        withhold,
        ...always,
        sharedBy: undefined,
      },
    ],
    sharers: [],
  }
}
