/** The schema as both databases hold it: JSON as text, times as integers in milliseconds, booleans as 0 and 1. */
export interface Tables {
  tenants: {
    id: string
    name: string
    access_token_seconds: number | null
    refresh_token_seconds: number | null
    token_secrets: string
    sign_in: string
  }
  accounts: {
    id: string
    email: string
    name: string
    state: string
    operator: number
    epoch: number
    password_expired: number
  }
  passwords: { account: string; hash: string; changed_at: number }
  memberships: {
    tenant: string
    account: string
    roles: string
    attributes: string
    valid_from: number | null
    valid_until: number | null
    support_reason: string | null
    support_by: string | null
  }
  groups: { tenant: string; id: string; name: string }
  group_members: { tenant: string; group_id: string; account: string }
  grants: {
    tenant: string
    id: string
    dataset: string
    subject_kind: string
    subject_group: string | null
    subject_account: string | null
    actions: string
    rows: string
    effect: string
    withhold: string
    valid_from: number | null
    valid_until: number | null
    shared_by: string | null
  }
  /** Raised by triggers with every change that could change a policy of the tenant. */
  policy_versions: { tenant: string; version: number }
  api_keys: {
    id: string
    hash: string
    prefix: string
    tenant: string
    account: string
    name: string
    created_at: number
    expires_at: number | null
  }
}
