import { worstPasswords } from './worst-passwords.ts'

export interface PasswordRules {
  /** `nist`: length and block list; `basic`: more than 8; `admin`: 12 and mixed classes on top of `basic`. */
  readonly policy: 'nist' | 'basic' | 'admin'
  /** Login, tenant, product: words that must not be part of the password. */
  readonly context: readonly string[]
  /** A second factor is demanded besides; `nist` is then content with 8 characters. */
  readonly secondFactor?: boolean
}

const maxCodePoints = 128
const minLengths = { nist: 15, basic: 9, admin: 12 } as const
const minWithSecondFactor = 8
const minContextLength = 4
const minClasses = 3

/** Why `password` may not be chosen, for the one who chooses it; undefined where it may. */
export function checkPassword(password: string, rules: PasswordRules): string | undefined {
  if (password.length > 2 * maxCodePoints || !password.isWellFormed()) return `at most ${maxCodePoints} characters`
  const text = password.normalize('NFKC')
  const { length } = Array.from(text)
  if (length > maxCodePoints) return `at most ${maxCodePoints} characters`
  const min = minLength(rules)
  if (length < min) return `at least ${min} characters`
  if (rules.policy === 'admin' && countClasses(text) < minClasses)
    return 'at least three of: lower case, upper case, digits, other characters'
  if (isWorst(text)) return 'too easy to guess'
  if (containsContext(text, rules.context)) return 'must not contain your login or the names in use here'
  return undefined
}

function minLength({ policy, secondFactor = false }: PasswordRules): number {
  return policy === 'nist' && secondFactor ? minWithSecondFactor : minLengths[policy]
}

function countClasses(text: string): number {
  return [/\p{Ll}/u, /\p{Lu}/u, /\p{Nd}/u, /[^\p{Ll}\p{Lu}\p{Nd}]/u].filter((part) => part.test(text)).length
}

function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase()
}

function containsContext(text: string, context: readonly string[]): boolean {
  const folded = fold(text)
  const words = context.flatMap((word) => [fold(word), fold(word).split('@', 1)[0] ?? ''])
  return words.some((word) => word.length >= minContextLength && folded.includes(word))
}

/** A listed word, whatever is put around it or in place of its letters; one thing repeated; a run such as 123456789. */
function isWorst(text: string): boolean {
  const folded = fold(text)
  const plain = fromLeet(folded)
  const candidates = [
    folded,
    letters(folded),
    letters(plain),
    unit(folded),
    unit(letters(folded)),
    unit(letters(plain)),
  ]
  if (candidates.some((candidate) => worstPasswords.has(candidate))) return true
  return Array.from(unit(folded)).length <= 3 || isRun(folded)
}

const leet: ReadonlyMap<string, string> = new Map(
  Object.entries({ 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't', '@': 'a', $: 's', '!': 'i' }),
)

/** The digits and signs at the end stay: they are what people add, not what they replace. */
function fromLeet(text: string): string {
  const core = text.replace(/[^\p{L}]{1,128}$/u, '')
  return Array.from(core, (character) => leet.get(character) ?? character).join('')
}

function letters(text: string): string {
  return text.replace(/[^\p{L}]/gu, '')
}

/** The shortest text of which `text` is a repetition, the last one possibly cut short. */
function unit(text: string): string {
  for (let size = 1; size <= text.length / 2; size += 1) {
    const start = text.slice(0, size)
    if (start.repeat(Math.ceil(text.length / size)).slice(0, text.length) === text) return start
  }
  return text
}

/** Each character follows or precedes the one before it; 9 and 0 are neighbours as on the keyboard. */
function isRun(text: string): boolean {
  const steps = new Set<number>()
  for (let index = 1; index < text.length; index += 1) {
    const step = text.charCodeAt(index) - text.charCodeAt(index - 1)
    steps.add(step === -9 ? 1 : step === 9 ? -1 : step)
  }
  return steps.size === 1 && (steps.has(1) || steps.has(-1))
}
