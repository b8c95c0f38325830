package ranger

// noPolicy stands for a decision that no policy made.
const noPolicy = -1

// outcome is what has been found so far.
type outcome struct {
	allowed    bool
	determined bool
	audited    bool
	// auditDetermined says that nothing changes audited any more.
	auditDetermined bool

	policyID int64
	priority int64

	maskType      string
	maskCondition *string
	maskValue     *string
	filter        *string
}

func newOutcome() *outcome { return &outcome{policyID: noPolicy} }

// audit settles whether the access is audited.
func (o *outcome) audit(audited bool) { o.audited, o.auditDetermined = audited, true }

// deny settles that access is denied.
func (o *outcome) deny() { o.allowed, o.determined = false, true }

// settled tells whether nothing is left to find.
func (o *outcome) settled() bool { return o.determined && o.auditDetermined }

// takeAccess copies everything but what concerns the audit.
func (o *outcome) takeAccess(from *outcome) {
	audited, determined := o.audited, o.auditDetermined
	*o = *from
	o.audited, o.auditDetermined = audited, determined
}

func (o *outcome) takeAudit(from *outcome) {
	o.audited, o.auditDetermined = from.audited, from.auditDetermined
}

func (o *outcome) result(q *query, zone string) Result {
	return Result{
		Allowed: o.allowed, Audited: o.audited,
		PolicyID: o.policyID, Priority: o.priority, Zone: zone,
		MaskType: o.maskType, MaskCondition: o.maskCondition, MaskValue: o.maskValue, Filter: o.filter,
		Unevaluated: q.doubts,
	}
}
