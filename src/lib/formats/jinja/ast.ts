/** What a template is made of, as the parser gives it and the interpreter walks it. */

export type Expression =
  | { kind: 'constant'; value: string | number | boolean | null }
  | { kind: 'float'; value: number }
  | { kind: 'name'; name: string }
  | { kind: 'list' | 'tuple'; items: Expression[] }
  | { kind: 'dict'; entries: [Expression, Expression][] }
  | { kind: 'unary'; operator: '-' | '+' | 'not'; operand: Expression }
  | { kind: 'binary'; operator: BinaryOperator; left: Expression; right: Expression }
  | { kind: 'logical'; operator: 'and' | 'or'; left: Expression; right: Expression }
  | { kind: 'concat'; parts: Expression[] }
  | { kind: 'compare'; first: Expression; rest: { operator: CompareOperator; right: Expression }[] }
  | { kind: 'conditional'; test: Expression; then: Expression; otherwise?: Expression }
  /** `object.name`: Python's attribute first, the key of a dict second. */
  | { kind: 'attribute'; object: Expression; name: string }
  /** `object[key]`: the key first, the attribute second. */
  | { kind: 'item'; object: Expression; key: Expression }
  | { kind: 'slice'; object: Expression; start?: Expression; stop?: Expression; step?: Expression }
  | { kind: 'call'; callee: Expression; arguments: Arguments }
  | { kind: 'filter'; name: string; operand: Expression; arguments: Arguments }
  | { kind: 'test'; name: string; operand: Expression; arguments: Arguments; negated: boolean };

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**';
export type CompareOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in';

export interface Arguments {
  positional: Expression[];
  named: { name: string; value: Expression }[];
  /** `*list` and `**dict`, after the others. */
  spread?: Expression;
  namedSpread?: Expression;
}

/** What `set` and `for` assign to. */
export type Target =
  | { kind: 'name'; name: string }
  | { kind: 'attribute'; object: string; name: string }
  | { kind: 'tuple'; items: Target[] };

export interface Parameter {
  name: string;
  fallback?: Expression;
}

export type Statement =
  | { kind: 'text'; text: string }
  | { kind: 'output'; expression: Expression }
  | { kind: 'if'; test: Expression; then: Statement[]; otherwise: Statement[] }
  | {
      kind: 'for';
      target: Target;
      items: Expression;
      filter?: Expression;
      recursive: boolean;
      body: Statement[];
      otherwise: Statement[];
    }
  | { kind: 'set'; target: Target; value: Expression }
  /** `{% set name %}…{% endset %}`, filters applied to what is inside. */
  | { kind: 'capture'; target: Target; filters: Filter[]; body: Statement[] }
  | { kind: 'macro'; name: string; parameters: Parameter[]; body: Statement[] }
  | { kind: 'call'; call: Expression; parameters: Parameter[]; body: Statement[] }
  | { kind: 'filter'; filters: Filter[]; body: Statement[] }
  | { kind: 'with'; values: { target: Target; value: Expression }[]; body: Statement[] }
  | { kind: 'generation'; body: Statement[] }
  | { kind: 'break' | 'continue' };

export interface Filter {
  name: string;
  arguments: Arguments;
}
