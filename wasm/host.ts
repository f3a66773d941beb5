/** What only the other side can do. */

/** The tests of this field's slot that hold on the value, as bits; positions in the window, negative = held bytes. */
@external('env', 'judge')
export declare function judge(slot: i32, from: i32, to: i32): i32
/** An opaque predicate: forget the values of the row before. */
@external('env', 'clear')
export declare function clear(): void
/** An opaque predicate on the values judged since. */
@external('env', 'verdict')
export declare function verdict(): i32
/** A row is refused for the tests that hold, as bits; never for an opaque predicate, which was asked. */
@external('env', 'refused')
export declare function refused(holds: i32): void
/** A ruled key that is not plain ASCII: its node, -1 = none, -2 = two readings. */
@external('env', 'matchKey')
export declare function matchKey(node: i32, from: usize, to: usize): i32
/** Bytes `from` to `to` of the row that began in an earlier window, to go out where `at` bytes have gone before. */
@external('env', 'heldPiece')
export declare function heldPiece(at: i32, from: i32, to: i32): void
/** The list of cuts is full: all but the last go to the other side. */
@external('env', 'spillCuts')
export declare function spillCuts(): void
/** The row is released by the other side, which has the first cuts; `to` = its end. */
@external('env', 'releaseSpilled')
export declare function releaseSpilled(to: i32): void
