package lang

import "github.com/syncform/syncform/providers/attr"

// laterProviders are the providers that the language has and a build may lack, so that
// their blocks are checked all the same.
var laterProviders = map[string]attr.Provider{
	"bigquery": {
		Name: "bigquery", Target: true,
		Attributes: []attr.Attribute{
			{Name: "project", Type: attr.String, Required: true, Text: "The project."},
			{Name: "dataset", Type: attr.String, Required: true, Text: "The dataset that tables stand in."},
			{Name: "endpoint", Type: attr.String, Text: "Another endpoint, such as an emulator's."},
		},
		Text: "A BigQuery dataset.",
	},
	"elasticsearch": {
		Name: "elasticsearch", Target: true,
		Attributes: []attr.Attribute{
			{Name: "addresses", Type: attr.StringList, Required: true, Text: "The URLs of its nodes."},
		},
		Text: "An Elasticsearch or OpenSearch cluster.",
	},
	"stream": {
		Name: "stream", Target: true,
		Attributes: []attr.Attribute{
			{Name: "url", Type: attr.String, Required: true, Sensitive: true, Text: "Where events go: stdout:, file:///path.jsonl, kafka://, nats://, https://."},
		},
		Blocks: []attr.Block{{
			Name: "output_format",
			Attributes: []attr.Attribute{
				{Name: "type", Type: attr.String, OneOf: []string{"json"}, Default: "json", Text: "The format."},
				{Name: "include", Type: attr.StringList, OneOf: []string{"operation", "timestamp", "table", "key", "before", "after"}, Text: "What each event holds."},
			},
			Text: "How events are written.",
		}},
		Text: "Change events.",
	},
}
