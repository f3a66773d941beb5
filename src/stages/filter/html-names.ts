/** What an element's name means to the tree (HTML standard, sections 13.1.2 and 13.2.6), as bits. */
export const isVoid = 1
/** Its text runs to its own end tag, whatever stands in it. */
export const isRaw = 2
/** Its start tag ends an open paragraph. */
export const closesP = 4
/** "Special" in the standard: end tags of ordinary elements do not reach past it. */
export const isSpecial = 8
/** End tags do not reach past it. */
export const isScope = 16
/** Has its place in a table only. */
export const isTablePart = 32
/** Takes nothing but table parts; browsers move anything else out of the table. */
export const isTableContext = 64
/** Browsers may carry it over into what follows. */
export const isFormatting = 128
export const isHeading = 256
/** May stand in the head. */
export const isHeadChild = 512
/** Its end tag may be left out before another element. */
export const isImplied = 1024
/** Read in two ways by browsers, or never shown: taken out with all that it holds. */
export const isDoubtful = 2048
/** Taken out likewise, but as a matter of course. */
export const isUnwanted = 4096
/** No name that a tag should have. */
export const isMisnamed = 8192

const lists: readonly (readonly [number, string])[] = [
  [isVoid, 'area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr'],
  [isRaw, 'iframe noembed noframes script style textarea title xmp'],
  [
    closesP,
    'address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr li listing main menu nav ol p pre search section summary table ul xmp',
  ],
  [
    isSpecial,
    'address applet area article aside base basefont bgsound blockquote body br button caption center col colgroup dd details dialog dir div dl dt embed fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html iframe img input keygen li link listing main marquee menu meta nav noembed noframes noscript object ol p param plaintext pre script search section select source style summary table tbody td template textarea tfoot th thead title tr track ul wbr xmp',
  ],
  [isScope, 'applet caption html marquee object select table td template th'],
  [isTablePart, 'caption col colgroup tbody td tfoot th thead tr'],
  [isTableContext, 'colgroup table tbody tfoot thead tr'],
  [isFormatting, 'a b big code em font i nobr s small strike strong tt u'],
  [isHeading, 'h1 h2 h3 h4 h5 h6'],
  [isHeadChild, 'base basefont bgsound link meta noscript script style template title'],
  [isImplied, 'dd dt li optgroup option p rb rp rt rtc'],
  [isDoubtful, 'frame frameset math noembed noframes xmp'],
  [isUnwanted, 'noscript'],
]

function bitsByName(): ReadonlyMap<string, number> {
  const bits = new Map<string, number>()
  for (const [bit, names] of lists) {
    for (const name of names.split(' ')) bits.set(name, (bits.get(name) ?? 0) | bit)
  }
  return bits
}

const known = bitsByName()
const goodName = /^[a-z][a-z0-9_.:-]*$/

/** By the name in lower case, its bytes as characters. */
export function nameBits(name: string): number {
  return known.get(name) ?? (goodName.test(name) ? 0 : isMisnamed)
}

/** What may stand in an svg element. Anything else could end it in a browser, or hides HTML in it. */
export const svgNames: ReadonlySet<string> = new Set(
  'a animate animatemotion animatetransform circle clippath defs desc ellipse feblend fecolormatrix fecomponenttransfer fecomposite feconvolvematrix fediffuselighting fedisplacementmap fedistantlight fedropshadow feflood fefunca fefuncb fefuncg fefuncr fegaussianblur feimage femerge femergenode femorphology feoffset fepointlight fespecularlighting fespotlight fetile feturbulence filter g image line lineargradient marker mask mpath path pattern polygon polyline radialgradient rect set stop style svg switch symbol text textpath title tspan use view'.split(
    ' ',
  ),
)

/** In svg: they hold text alone. */
export const svgTexts: ReadonlySet<string> = new Set(['desc', 'style', 'title'])
