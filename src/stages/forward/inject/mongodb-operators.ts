/** The operators of MongoDB 8 that read only what they are given: no code, no other collection, nothing internal. */

function names(list: string): ReadonlySet<string> {
  return new Set(list.split(' ').map((name) => `$${name}`))
}

/** What may be asked of a field, by what stands behind it. */
export const valueOperators = names(
  'eq ne gt gte lt lte exists type size mod regex options bitsAllClear bitsAllSet bitsAnyClear bitsAnySet',
)
export const listOperators = names('in nin all')
export const geoOperators = names('geoWithin geoIntersects near nearSphere maxDistance minDistance')
export const geoShapes = names('geometry maxDistance minDistance box center centerSphere polygon')
export const textOptions = names('search language caseSensitive diacriticSensitive')

/** Types of Extended JSON: data, not operators. `$code` and `$scope` are code. */
export const literalTypes = names(
  'oid date numberLong numberInt numberDouble numberDecimal uuid binary timestamp minKey maxKey regularExpression',
)

/** Stages that look at nothing but the documents that come to them. `$match` and `$facet` are looked into. */
export const plainStages = names(
  'addFields bucket bucketAuto count densify fill group limit project redact replaceRoot replaceWith sample set ' +
    'setWindowFields skip sort sortByCount unset unwind',
)

/** Expressions, accumulators and window functions, and the options of `$densify`, `$fill` and the like that have a `$`. */
export const expressionOperators = names(
  'abs acos acosh add addToSet allElementsTrue and anyElementTrue arrayElemAt arrayToObject asin asinh atan atan2 atanh ' +
    'avg binarySize bitAnd bitNot bitOr bitXor bottom bottomN bsonSize ceil cmp concat concatArrays cond convert cos ' +
    'cosh count covariancePop covarianceSamp dateAdd dateDiff dateFromParts dateFromString dateSubtract dateToParts ' +
    'dateToString dateTrunc dayOfMonth dayOfWeek dayOfYear degreesToRadians denseRank derivative divide documentNumber ' +
    'eq exp expMovingAvg filter first firstN floor getField gt gte hour ifNull in indexOfArray indexOfBytes indexOfCP ' +
    'integral isArray isNumber isoDayOfWeek isoWeek isoWeekYear last lastN let linearFill literal ln locf log log10 lt ' +
    'lte ltrim map max maxN median mergeObjects meta millisecond min minN minute mod month multiply ne not ' +
    'objectToArray or percentile pow push radiansToDegrees rand range rank reduce regexFind regexFindAll regexMatch ' +
    'replaceAll replaceOne reverseArray round rtrim sampleRate second setDifference setEquals setField ' +
    'setIntersection setIsSubset setUnion shift sin sinh size slice sortArray split sqrt stdDevPop stdDevSamp strLenBytes ' +
    'strLenCP strcasecmp substr substrBytes substrCP subtract sum switch tan tanh toBool toDate toDecimal toDouble ' +
    'toHashedIndexKey toInt toLong toLower toObjectId toString toUUID toUpper top topN trim trunc tsIncrement tsSecond ' +
    'type unsetField week year zip',
)
