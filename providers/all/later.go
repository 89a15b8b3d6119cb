package all

import "github.com/syncform/syncform/providers/attr"

// later are the providers that the language names and this build lacks, so that their
// blocks can be checked and refused in one sentence.
var later = []attr.Provider{
	{
		Name: "bigquery", Target: true,
		Text: "A BigQuery dataset.",
		Attributes: []attr.Attribute{
			{Name: "project", Type: attr.String, Required: true, Text: "The project."},
			{Name: "dataset", Type: attr.String, Required: true, Text: "The dataset that the tables stand in."},
			{Name: "endpoint", Type: attr.String, Text: "Another endpoint than Google's, such as an emulator's."},
		},
	},
	{
		Name: "elasticsearch", Target: true,
		Text: "An Elasticsearch or OpenSearch cluster.",
		Attributes: []attr.Attribute{
			{Name: "addresses", Type: attr.StringList, Required: true, Text: "The URLs of its nodes."},
		},
	},
	{
		Name: "stream", Target: true,
		Text: "Change events.",
		Attributes: []attr.Attribute{
			{Name: "url", Type: attr.String, Required: true, Sensitive: true, Text: "Where they go: stdout:, file:///path.jsonl, kafka://, nats://, https://."},
		},
		Blocks: []attr.Block{{
			Name: "output_format",
			Text: "How an event is written.",
			Attributes: []attr.Attribute{
				{Name: "type", Type: attr.String, Default: "json", OneOf: []string{"json"}, Text: "The format."},
				{Name: "include", Type: attr.StringList, OneOf: []string{"operation", "timestamp", "table", "key", "before", "after"}, Text: "What each event holds."},
			},
		}},
	},
}
