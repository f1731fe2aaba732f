import { TemplateRunError, type Budget } from './limits';
import { Callable, equal, orElse, Undefined, type Value } from './values';

/**
 * The `loop` of a `for`, turn by turn.
 * @param again runs a recursive loop over other items
 */
export function loopOf(
  items: readonly Value[],
  depth: number,
  again: ((items: Value) => string) | undefined,
  budget: Budget
): (turn: number) => Callable {
  let before: Value[] | undefined;
  const cycle = (turn: number) =>
    new Callable('loop.cycle', ({ positional }) => {
      if (positional.length === 0) throw new TemplateRunError('loop.cycle() has nothing to go through');
      return positional[turn % positional.length];
    });
  const changed = new Callable('loop.changed', ({ positional }) => {
    const same =
      before?.length === positional.length && before.every((value, i) => equal(value, positional[i], budget));
    before = positional;
    return !same;
  });
  const field = (name: string, turn: number): Value | undefined => {
    switch (name) {
      case 'index':
        return turn + 1;
      case 'index0':
        return turn;
      case 'revindex':
        return items.length - turn;
      case 'revindex0':
        return items.length - turn - 1;
      case 'first':
        return turn === 0;
      case 'last':
        return turn === items.length - 1;
      case 'length':
        return items.length;
      case 'depth':
        return depth + 1;
      case 'depth0':
        return depth;
      case 'previtem':
        return orElse(items[turn - 1], new Undefined('loop.previtem'));
      case 'nextitem':
        return orElse(items[turn + 1], new Undefined('loop.nextitem'));
      case 'cycle':
        return cycle(turn);
      case 'changed':
        return changed;
    }
    return undefined;
  };
  return (turn) =>
    new Callable(
      'loop',
      ({ positional: [over] }) => {
        if (!again) throw new TemplateRunError('the loop is not recursive');
        return again(orElse(over, new Undefined('what the loop goes through')));
      },
      // Asked for one by one: most loops look at one or two.
      { get: (name) => field(name, turn) }
    );
}
