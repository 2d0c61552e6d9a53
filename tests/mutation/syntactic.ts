/** Single faults that a change of the syntax makes: in TypeScript, and in AssemblyScript, which has the same syntax. */
import ts from "typescript";

/** A fault: one piece of one file, and what it is replaced with. */
export interface Fault {
  /** From the root. */
  readonly path: string;
  /** Where the piece is, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
  /** What kind of fault it is. */
  readonly kind: string;
}

const OPERATORS: Readonly<Partial<Record<ts.SyntaxKind, string>>> = {
  [ts.SyntaxKind.PlusToken]: "-",
  [ts.SyntaxKind.MinusToken]: "+",
  [ts.SyntaxKind.AsteriskToken]: "/",
  [ts.SyntaxKind.SlashToken]: "*",
  [ts.SyntaxKind.PercentToken]: "*",
  [ts.SyntaxKind.LessThanToken]: "<=",
  [ts.SyntaxKind.LessThanEqualsToken]: "<",
  [ts.SyntaxKind.GreaterThanToken]: ">=",
  [ts.SyntaxKind.GreaterThanEqualsToken]: ">",
  [ts.SyntaxKind.EqualsEqualsToken]: "!=",
  [ts.SyntaxKind.ExclamationEqualsToken]: "==",
  [ts.SyntaxKind.EqualsEqualsEqualsToken]: "!==",
  [ts.SyntaxKind.ExclamationEqualsEqualsToken]: "===",
  [ts.SyntaxKind.AmpersandAmpersandToken]: "||",
  [ts.SyntaxKind.BarBarToken]: "&&",
  [ts.SyntaxKind.AmpersandToken]: "|",
  [ts.SyntaxKind.BarToken]: "&",
  [ts.SyntaxKind.LessThanLessThanToken]: ">>>",
  [ts.SyntaxKind.GreaterThanGreaterThanGreaterThanToken]: "<<",
  [ts.SyntaxKind.PlusEqualsToken]: "-=",
  [ts.SyntaxKind.MinusEqualsToken]: "+=",
};

/** All faults of a file. */
export function syntacticFaults(path: string, text: string): Fault[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  const faults: Fault[] = [];
  const add = (kind: string, node: ts.Node, replacement: string) => {
    faults.push({ path, start: node.getStart(file), end: node.getEnd(), replacement, kind });
  };
  const visit = (node: ts.Node): void => {
    if (isPassedOver(node)) return;
    if (ts.isBinaryExpression(node) && !isText(node)) {
      const other = OPERATORS[node.operatorToken.kind];
      if (other) add("operator", node.operatorToken, other);
    } else if (ts.isNumericLiteral(node)) {
      const more = node.text === "0" ? "1" : `(${node.getText(file)} + 1)`;
      // The name of a property is no expression, unless it is in brackets.
      add("number", node, ts.isPropertyAssignment(node.parent) && node.parent.name === node ? `[${more}]` : more);
    } else if (node.kind === ts.SyntaxKind.TrueKeyword) {
      add("boolean", node, "false");
    } else if (node.kind === ts.SyntaxKind.FalseKeyword) {
      add("boolean", node, "true");
    } else if (ts.isAwaitExpression(node) && !isReturned(node)) {
      add("not awaited", node, `(${node.expression.getText(file)})`);
    } else if (ts.isIfStatement(node) || ts.isConditionalExpression(node)) {
      const condition = ts.isIfStatement(node) ? node.expression : node.condition;
      add("condition", condition, `!(${condition.getText(file)})`);
    } else if (ts.isExpressionStatement(node)) {
      add("left out", node, ";");
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return faults;
}

/** Types, and the words of messages, are not what behaviour depends on. */
function isPassedOver(node: ts.Node): boolean {
  if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return true;
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isDecorator(node)) return true;
  // A call of `super` that is left out is noticed by the first test of all.
  if (ts.isExpressionStatement(node) && node.expression.getText().startsWith("super(")) return true;
  return ts.isThrowStatement(node) || ts.isTemplateExpression(node);
}

/** `return await` is `return`, save in a `try`. */
function isReturned(node: ts.AwaitExpression): boolean {
  if (ts.isArrowFunction(node.parent)) return true;
  if (!ts.isReturnStatement(node.parent)) return false;
  for (let outer: ts.Node = node.parent; !ts.isFunctionLike(outer); outer = outer.parent) {
    if (ts.isTryStatement(outer)) return false;
  }
  return true;
}

function isText({ left, right }: ts.BinaryExpression): boolean {
  return [left, right].some((side) => ts.isStringLiteralLike(side) || ts.isTemplateExpression(side));
}
