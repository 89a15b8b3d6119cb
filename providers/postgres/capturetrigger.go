package postgres

import (
	"context"
	"errors"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/row"
)

type triggerCapture struct{ *Conn }
type pollCapture struct{ *Conn }

var errTODO = errors.New("capture by trigger or polling is not there yet: use logical_replication")

func (c triggerCapture) teardown(ctx context.Context, s *session, cp providers.Capture) ([]providers.Step, error) {
	return nil, errTODO
}
func (c triggerCapture) start(ctx context.Context, s *session, cp providers.Capture) (providers.CaptureStart, error) {
	return providers.CaptureStart{}, errTODO
}
func (c triggerCapture) floor(ctx context.Context, s *session, cp providers.Capture) (string, error) {
	return "", errTODO
}
func (c triggerCapture) current(ctx context.Context, s *session, cp providers.Capture) (row.Position, error) {
	return "", errTODO
}
func (c triggerCapture) retained(ctx context.Context, s *session, cp providers.Capture, at row.Position) (providers.Retained, error) {
	return providers.Retained{}, errTODO
}
func (c triggerCapture) follow(ctx context.Context, cp providers.Capture, from position, n func(func() row.Position) *row.Collector) error {
	return errTODO
}
func (c pollCapture) teardown(ctx context.Context, s *session, cp providers.Capture) ([]providers.Step, error) {
	return nil, errTODO
}
func (c pollCapture) start(ctx context.Context, s *session, cp providers.Capture) (providers.CaptureStart, error) {
	return providers.CaptureStart{}, errTODO
}
func (c pollCapture) floor(ctx context.Context, s *session, cp providers.Capture) (string, error) {
	return "", errTODO
}
func (c pollCapture) current(ctx context.Context, s *session, cp providers.Capture) (row.Position, error) {
	return "", errTODO
}
func (c pollCapture) retained(ctx context.Context, s *session, cp providers.Capture, at row.Position) (providers.Retained, error) {
	return providers.Retained{}, errTODO
}
func (c pollCapture) follow(ctx context.Context, cp providers.Capture, from position, n func(func() row.Position) *row.Collector) error {
	return errTODO
}
func snapshotReached(a, g string) (bool, error) { return false, errTODO }
func pollReached(a, g position) (bool, error)   { return false, errTODO }

type mark struct{}

func (p *capturePlanner) planTriggers(ctx context.Context) error { return errTODO }
func (p *capturePlanner) planPolling(ctx context.Context) error  { return errTODO }
