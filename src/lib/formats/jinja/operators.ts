import type { BinaryOperator, CompareOperator } from './ast';
import { formatPercent } from './methods';
import { TemplateRunError, type Budget } from './limits';
import {
  compare,
  contains,
  equal,
  Float,
  isNumber,
  numberOf,
  Tuple,
  typeName,
  Undefined,
  type Value
} from './values';

/** `left operator right`. @throws TemplateRunError */
export function binary(operator: BinaryOperator, left: Value, right: Value, budget: Budget): Value {
  if (left instanceof Undefined) left.fail();
  if (right instanceof Undefined) right.fail();
  if (operator === '%' && typeof left === 'string') return formatPercent(left, right, budget);
  if (isNumber(left) && isNumber(right)) return arithmetic(operator, left, right);
  if (operator === '+') {
    if (typeof left === 'string' && typeof right === 'string') {
      budget.room(left.length + right.length);
      return left + right;
    }
    if (Array.isArray(left) && Array.isArray(right)) {
      budget.spend(left.length + right.length);
      return [...left, ...right];
    }
    if (left instanceof Tuple && right instanceof Tuple) return new Tuple([...left.items, ...right.items]);
  }
  if (operator === '*') {
    const [what, times] = typeof left === 'number' ? [right, left] : [left, right];
    if (typeof times === 'number') {
      const count = Math.max(0, times);
      if (typeof what === 'string') {
        budget.room(what.length * count);
        return what.repeat(count);
      }
      if (Array.isArray(what)) {
        budget.spend(what.length * count);
        return Array.from({ length: count }, () => what).flat();
      }
    }
  }
  throw new TemplateRunError(`${typeName(left)} ${operator} ${typeName(right)} cannot be computed`);
}

function arithmetic(
  operator: BinaryOperator,
  left: number | Float | boolean,
  right: number | Float | boolean
): Value {
  const [a, b] = [numberOf(left), numberOf(right)];
  const whole = !(left instanceof Float) && !(right instanceof Float);
  const result = (value: number) => (whole ? value : new Float(value));
  if ((operator === '/' || operator === '//' || operator === '%') && b === 0) {
    throw new TemplateRunError('something is divided by zero');
  }
  switch (operator) {
    case '+':
      return result(a + b);
    case '-':
      return result(a - b);
    case '*':
      return result(a * b);
    case '/':
      return new Float(a / b);
    case '//':
      return result(Math.floor(a / b));
    case '%':
      return result(a - b * Math.floor(a / b));
    case '**':
      return whole && b >= 0 ? a ** b : new Float(a ** b);
  }
}

/** `left operator right` of a comparison. @throws TemplateRunError */
export function holds(operator: CompareOperator, left: Value, right: Value, budget: Budget): boolean {
  switch (operator) {
    case '==':
      return equal(left, right, budget);
    case '!=':
      return !equal(left, right, budget);
    case 'in':
      return contains(right, left, budget);
    case 'not in':
      return !contains(right, left, budget);
    case '<':
      return compare(left, right, budget) < 0;
    case '<=':
      return compare(left, right, budget) <= 0;
    case '>':
      return compare(left, right, budget) > 0;
    case '>=':
      return compare(left, right, budget) >= 0;
  }
}
