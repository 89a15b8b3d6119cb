// Package confschema makes the JSON Schema of *.sf.json files, HCL's JSON syntax, of
// what the language knows of its blocks.
package confschema

import (
	"maps"
	"slices"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/providers/attr"
)

type object = map[string]any

// template is text with an expression in it, which may stand for any value.
var template = object{"type": "string", "pattern": `\$\{|%\{`}

// Schema gives the JSON Schema, draft 2020-12, of a configuration file with these
// providers.
func Schema(providers map[string]attr.Provider) map[string]any {
	props := object{"//": object{"description": "a comment"}}
	for _, b := range lang.Blocks() {
		switch b.Name {
		case "source", "target":
			kinds := object{}
			for _, name := range slices.Sorted(maps.Keys(providers)) {
				p := providers[name]
				role := lang.Source
				if b.Name == "target" {
					role = lang.Target
				}
				if role == lang.Source && !p.Source || role == lang.Target && !p.Target {
					continue
				}
				spec := lang.EndpointSpec(p, role)
				spec.Labels = spec.Labels[len(spec.Labels)-1:]
				kinds[name] = described(labelled(spec), p.Text)
			}
			props[b.Name] = described(many(object{"type": "object", "properties": kinds, "additionalProperties": false}), b.Text)
		default:
			props[b.Name] = described(labelled(b), b.Text)
		}
	}
	return object{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "syncform configuration (*.sf.json)",
		"type": "object", "properties": props, "additionalProperties": false,
	}
}

// labelled nests a block's body in an object for each of its labels.
func labelled(b lang.BlockSpec) object {
	s := body(b)
	for _, l := range slices.Backward(b.Labels) {
		in := object{"type": "object", "additionalProperties": s}
		if len(l.OneOf) > 0 {
			in["propertyNames"] = object{"enum": l.OneOf}
		} else if !l.Free {
			in["propertyNames"] = object{"pattern": `^[\p{L}_][\p{L}\p{N}_-]*$`}
		}
		s = many(in)
	}
	return s
}

// many takes one, or a list of them.
func many(s object) object {
	return object{"anyOf": []any{s, object{"type": "array", "items": s}}}
}

func body(b lang.BlockSpec) object {
	props := object{"//": object{"description": "a comment"}}
	var required []string
	for _, a := range b.Arguments {
		props[a.Name] = argument(a)
		if a.Required {
			required = append(required, a.Name)
		}
	}
	for _, in := range b.Blocks {
		props[in.Name] = described(labelled(in), in.Text)
	}
	s := object{"type": "object", "properties": props}
	if !b.Open && len(props) > 1 {
		s["additionalProperties"] = false
	}
	if len(required) > 0 {
		s["required"] = required
	}
	return many(s)
}

func argument(a lang.Argument) object {
	var s object
	list := object{"type": "array", "items": object{"type": "string"}}
	switch a.Type {
	case "text", "duration", "schedule", "reference", "address", "type":
		s = object{"type": "string"}
		if len(a.OneOf) > 0 {
			s = object{"anyOf": []any{object{"enum": a.OneOf}, template}}
		}
	case "whole number":
		n := object{"type": "integer", "minimum": a.Min}
		if a.Max > 0 {
			n["maximum"] = a.Max
		}
		s = object{"anyOf": []any{n, object{"type": "string", "pattern": `^[0-9]+$`}, template}}
	case "size":
		s = object{"type": []string{"string", "integer"}}
	case "true or false":
		s = object{"anyOf": []any{object{"type": "boolean"}, object{"enum": []string{"true", "false"}}, template}}
	case "list of texts", "list of references", "list of notifiers":
		s = object{"anyOf": []any{list, template}}
	case "map of texts":
		s = object{"anyOf": []any{object{"type": "object", "additionalProperties": object{"type": "string"}}, template}}
	default:
		s = object{}
	}
	text := a.Text
	if a.Default != "" {
		text += " Default: " + a.Default + "."
	}
	return described(s, text)
}

func described(s object, text string) object {
	if text == "" {
		return s
	}
	out := maps.Clone(s)
	out["description"] = text
	return out
}
