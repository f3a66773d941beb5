import { Tokenizer } from 'htmlparser2'
import type { HtmlRows } from '../../config/config.ts'
import { ProxyError } from '../../errors.ts'
import { ByteStore } from './byte-store.ts'
import { HtmlPage } from './html-page.ts'
import { htmlRules } from './html-rules.ts'
import { HtmlWindow } from './html-window.ts'
import { RowOutput } from './row-output.ts'
import type { RowFilter, RowPlan, RowReport } from './row-plan.ts'
import { asBuffer } from './rows-json.ts'

/** The C0 controls but tab, line feed, form feed and carriage return. */
// oxlint-disable-next-line no-control-regex -- they are what is refused
const control = /[\0-\x08\x0b\x0e-\x1f]/
const byteOrderMark = [0xef, 0xbb, 0xbf]

/**
 * Filters a page that comes in pieces. Declared rows go out only where the mask holds, withheld fields in them and elements
 * of other roles never; scripts that are data go out as filtered JSON or empty; comments, CDATA and `noscript` not at all.
 *
 * Cosmetic for the rest: text and attributes outside of declared rows, data in programs (inline JavaScript, `on...`,
 * `data-...`, links), values shown by a row outside of its declared fields, and what scripts load later are not looked at.
 * A withheld field of which the row declares no place counts as not shown.
 *
 * A page is read as the HTML standard reads it where tags are left out (the end tags are then written), and by its own
 * nesting where the standard would move elements about; pieces of more than one reading are left out and counted as
 * violations: what browsers move out of tables, unknown elements in `svg`, `math`, frames, attributes given twice.
 * A fragment of table parts is read as it would be inside of its table.
 */
export class HtmlFilter implements RowFilter {
  readonly #out = new RowOutput()
  readonly #window: HtmlWindow
  readonly #page: HtmlPage
  readonly #tokenizer: Tokenizer
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  /** Where the verdict comes before the first byte. */
  readonly #held: ByteStore | undefined
  #marks = 0
  #open = true

  /** `hold` = nothing goes out before the end, whatever the plan says. */
  constructor(plan: RowPlan, rows: HtmlRows, roles: readonly string[], hold = false) {
    this.#window = new HtmlWindow(plan.limits.maxRowBytes)
    this.#page = new HtmlPage(plan, htmlRules(rows), roles, this.#window, this.#out)
    // Entities are decoded where a value is read; markup never comes of them.
    this.#tokenizer = new Tokenizer({ xmlMode: false, decodeEntities: false }, this.#page)
    this.#held = hold || plan.onViolation === 'block' ? new ByteStore(plan.limits.maxBlockBytes) : undefined
  }

  get report(): RowReport {
    return this.#page.report
  }

  push(chunk: Uint8Array): Uint8Array | undefined {
    this.#enter()
    const bytes = asBuffer(chunk)
    this.#requireUtf8(bytes)
    this.#out.open(bytes)
    this.#window.open(bytes)
    const { text } = this.#window
    if (control.test(text)) throw unreadablePage('control characters in a page')
    this.#page.open()
    this.#tokenizer.write(text)
    this.#window.close()
    this.#open = true
    return this.#release()
  }

  end(): Uint8Array | undefined {
    this.#enter()
    this.#requireUtf8(undefined)
    this.#out.open(Buffer.alloc(0))
    this.#window.open(Buffer.alloc(0))
    this.#page.end()
    this.#tokenizer.end()
    const last = this.#release()
    return this.#held === undefined ? last : this.#held.take()
  }

  #release(): Uint8Array | undefined {
    if (this.#held === undefined) return this.#out.take()
    this.#out.moveTo(this.#held)
    return undefined
  }

  /** The bytes are read as they are; this only makes sure that they are UTF-8, without a mark that is no part of it. */
  #requireUtf8(bytes: Buffer | undefined): void {
    for (const byte of bytes?.subarray(0, byteOrderMark.length) ?? []) {
      if (byte !== byteOrderMark[this.#marks]) this.#marks = byteOrderMark.length
      else if (++this.#marks === byteOrderMark.length) throw unreadablePage('a byte order mark')
    }
    try {
      if (bytes === undefined) this.#utf8.decode()
      else this.#utf8.decode(bytes, { stream: true })
    } catch (cause) {
      throw new ProxyError('ERR_ANSWER_UNREADABLE', 'a page that is no UTF-8', { cause })
    }
  }

  /** After a throw, and after the end, the filter stays shut. */
  #enter(): void {
    if (!this.#open) throw new TypeError('the filter is shut')
    this.#open = false
  }
}

function unreadablePage(detail: string): ProxyError {
  return new ProxyError('ERR_ANSWER_UNREADABLE', detail)
}
