package main

import (
	"time"

	"github.com/urfave/cli/v2"
)

// The flags that several commands share.

func varFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "var", KeepSpace: true, Usage: "Set a value for one of the input variables: `'foo=bar'`. Use this option more than once to set more than one variable."},
		&cli.StringSliceFlag{Name: "var-file", KeepSpace: true, Usage: "Load variable values from the given `filename`, in addition to the default files syncform.sfvars and *.auto.sfvars. Use this option more than once to include more than one file."},
		&cli.BoolFlag{Name: "input", Value: true, Usage: "Don't ask for input; what is missing is an error, as it is without a terminal."},
	}
}

func lockFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "lock", Value: true, Usage: "Don't hold the state's lock during the operation. This is dangerous if others might concurrently run commands against the same state."},
		&cli.DurationFlag{Name: "lock-timeout", Usage: "Wait this `duration`, such as 5m, for a state lock that another holds. Default 0s."},
	}
}

// customFlags are those that say what a plan is made for.
func customFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "target", KeepSpace: true, Usage: "Limit the plan to the sync or mapping of this `address`, such as sync.warehouse or 'sync.warehouse.mapping[\"users\"]'. Can be used more than once."},
		&cli.StringSliceFlag{Name: "replace", KeepSpace: true, Usage: "Load the rows of the mapping (or of all mappings of the sync) of this `address` anew. Can be used more than once."},
		&cli.StringSliceFlag{Name: "approve", KeepSpace: true, Usage: "Release the changes at or below this `address` that are held for review. Can be used more than once."},
		&cli.BoolFlag{Name: "destroy", Usage: "Plan to take down what syncform made, instead of the usual plan."},
		&cli.BoolFlag{Name: "drop-tables", Usage: "With -destroy: drop the tables that syncform made too, with their rows. Those that were there before stay."},
		&cli.BoolFlag{Name: "refresh-only", Usage: "Only say where the targets are no longer as they were applied, and plan no change; \"apply\" takes that into the state, and changes no database."},
	}
}

func jsonFlag(text string) cli.Flag { return &cli.BoolFlag{Name: "json", Usage: text} }

// configOptions say how the configuration is read.
type configOptions struct {
	vars, varFiles []string
}

func configOptionsOf(c *cli.Context) configOptions {
	return configOptions{vars: c.StringSlice("var"), varFiles: c.StringSlice("var-file")}
}

// lockOptions say whether and how long to wait for the state's lock.
type lockOptions struct {
	lock bool
	wait time.Duration
}

func lockOptionsOf(c *cli.Context) lockOptions {
	return lockOptions{lock: c.Bool("lock"), wait: c.Duration("lock-timeout")}
}

// customOptions say what a plan is made for.
type customOptions struct {
	targets, replace, approve        []string
	destroy, dropTables, refreshOnly bool
	sample                           int // plan -sample
}

func customOptionsOf(c *cli.Context) customOptions {
	return customOptions{
		targets: c.StringSlice("target"), replace: c.StringSlice("replace"), approve: c.StringSlice("approve"),
		destroy: c.Bool("destroy"), dropTables: c.Bool("drop-tables"), refreshOnly: c.Bool("refresh-only"), sample: c.Int("sample"),
	}
}

// set names the first of the options that was given, for where none may be.
func (o customOptions) set() string {
	switch {
	case len(o.targets) > 0:
		return "-target"
	case len(o.replace) > 0:
		return "-replace"
	case o.dropTables:
		return "-drop-tables"
	case o.destroy:
		return "-destroy"
	case o.refreshOnly:
		return "-refresh-only"
	}
	return ""
}

func (o customOptions) check() error {
	switch {
	case o.dropTables && !o.destroy:
		return refused("Incompatible command line options", "-drop-tables goes with -destroy: a plan drops tables only where it takes down what syncform made.")
	case o.destroy && o.refreshOnly:
		return refused("Incompatible command line options", "-destroy and -refresh-only can't be used together.")
	case o.destroy && len(o.replace) > 0, o.refreshOnly && len(o.replace) > 0:
		return refused("Incompatible command line options", "-replace loads tables anew, so it can't be used with -destroy or -refresh-only.")
	}
	return nil
}
