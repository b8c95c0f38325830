package api

import (
	"github.com/gin-gonic/gin"

	"github.com/yitong-hub/yitong/api/contract"
	"github.com/yitong-hub/yitong/feed"
)

// ListSubscriptions lists the caller's subscriptions, all for administrators.
func (s *Server) ListSubscriptions(c *gin.Context) {
	found, err := s.Subscriptions.List(c, principalOf(c))
	s.give(c, gin.H{"subscriptions": found}, err)
}

// RegisterSubscription begins a subscription.
func (s *Server) RegisterSubscription(c *gin.Context) {
	var asked contract.NewSubscription
	if err := decode(c, &asked); err != nil {
		s.fail(c, err)
		return
	}
	made, err := s.Subscriptions.Register(c, principalOf(c), feed.Subscription{
		Application: asked.Application, Dataset: asked.Dataset, Fields: value(asked.Fields), Where: value(asked.Where),
		Purpose: value(asked.Purpose), From: string(value(asked.From)), Topic: asked.Topic,
	})
	s.give(c, made, err)
}

// GetSubscription gives one.
func (s *Server) GetSubscription(c *gin.Context, id string) {
	found, err := s.Subscriptions.Get(c, principalOf(c), id)
	s.give(c, found, err)
}

// EndSubscription ends one.
func (s *Server) EndSubscription(c *gin.Context, id string) {
	ended, err := s.Subscriptions.End(c, principalOf(c), id)
	s.give(c, ended, err)
}
