// What package text/template/parse makes of each {"text"}: a tree as nested lists, or its error.
// The delimiters are Ship's. Functions have the names that the test gives in the first request.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"text/template/parse"
)

type request struct {
	Text      string
	Functions []string
}

type list = []any

// value is what a number or text stands for: text/template's idealConstant.
func number(node *parse.NumberNode) any {
	if node.IsComplex && !node.IsInt && !node.IsFloat {
		return list{"complex"}
	}
	for _, mark := range node.Text {
		if mark == '\'' {
			return list{"int", node.Int64}
		}
	}
	hexadecimal := len(node.Text) > 2 && node.Text[0] == '0' && (node.Text[1] == 'x' || node.Text[1] == 'X')
	for _, mark := range node.Text {
		if mark == '.' || !hexadecimal && (mark == 'e' || mark == 'E') || mark == 'p' || mark == 'P' {
			return list{"float", node.Float64}
		}
	}
	if !node.IsInt {
		return list{"overflow"}
	}
	return list{"int", node.Int64}
}

var logic = map[string]bool{"and": true, "or": true, "not": true}

func fields(inner any, names []string) any {
	for _, name := range names {
		inner = list{"field", inner, name}
	}
	return inner
}

func operand(node parse.Node) any {
	switch node := node.(type) {
	case *parse.BoolNode:
		return list{"bool", node.True}
	case *parse.ChainNode:
		return fields(operand(node.Node), node.Field)
	case *parse.DotNode:
		return list{"name", "."}
	case *parse.FieldNode:
		return fields(list{"name", "."}, node.Ident)
	case *parse.IdentifierNode:
		if logic[node.Ident] {
			return list{"refused"}
		}
		return list{"call", node.Ident}
	case *parse.NilNode:
		return list{"nil"}
	case *parse.NumberNode:
		return number(node)
	case *parse.PipeNode:
		if len(node.Decl) > 0 {
			return list{"refused"}
		}
		return pipeline(node)
	case *parse.StringNode:
		return list{"text", node.Text}
	case *parse.VariableNode:
		return fields(list{"name", node.Ident[0]}, node.Ident[1:])
	}
	return list{"unknown", node.String()}
}

// pipeline is its last call, with the value before as last argument. Operands that take arguments are marked: Go
// refuses them when it executes.
func pipeline(node *parse.PipeNode) any {
	var piped any
	for index, command := range node.Cmds {
		first := operand(command.Args[0])
		var arguments list
		for _, argument := range command.Args[1:] {
			arguments = append(arguments, operand(argument))
		}
		if index > 0 {
			arguments = append(arguments, piped)
		}
		if _, ok := command.Args[0].(*parse.NilNode); ok {
			first = list{"refused"}
		}
		if function, ok := command.Args[0].(*parse.IdentifierNode); ok {
			first = append(list{"call", function.Ident}, arguments...)
			if count := len(arguments); function.Ident == "not" && count != 1 || logic[function.Ident] && count == 0 {
				first = list{"refused"}
			} else if logic[function.Ident] && function.Ident != "not" && count == 1 {
				first = arguments[0].(list)
			}
		} else if len(arguments) > 0 {
			first = list{"refused"}
		}
		piped = first
	}
	return piped
}

func declared(node *parse.PipeNode) list {
	names := list{}
	for _, variable := range node.Decl {
		names = append(names, variable.Ident[0])
	}
	return list{node.IsAssign, names}
}

func statements(node *parse.ListNode) list {
	found := list{}
	if node == nil {
		return found
	}
	for _, each := range node.Nodes {
		switch each := each.(type) {
		case *parse.TextNode:
			found = append(found, list{"raw", string(each.Text)})
		case *parse.ActionNode:
			if len(each.Pipe.Decl) > 0 {
				found = append(found, list{"set", declared(each.Pipe), pipeline(each.Pipe)})
			} else {
				found = append(found, list{"print", pipeline(each.Pipe)})
			}
		case *parse.BreakNode:
			found = append(found, list{"break"})
		case *parse.ContinueNode:
			found = append(found, list{"continue"})
		case *parse.IfNode:
			found = append(found, branch("if", each.BranchNode))
		case *parse.RangeNode:
			found = append(found, branch("range", each.BranchNode))
		case *parse.WithNode:
			found = append(found, branch("with", each.BranchNode))
		default:
			found = append(found, list{"unknown", each.String()})
		}
	}
	return found
}

func branch(word string, node parse.BranchNode) list {
	return list{word, declared(node.Pipe), pipeline(node.Pipe), statements(node.List), statements(node.ElseList)}
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<24)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var r request
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			panic(err)
		}
		functions := map[string]any{}
		for _, name := range r.Functions {
			functions[name] = true
		}
		trees, err := parse.Parse("t", r.Text, "{{repl ", "}}", functions)
		switch {
		case err != nil:
			out.Encode(map[string]any{"error": err.Error()})
		case trees["t"] == nil:
			out.Encode(map[string]any{"tree": list{}})
		default:
			out.Encode(map[string]any{"tree": statements(trees["t"].Root)})
		}
	}
}
