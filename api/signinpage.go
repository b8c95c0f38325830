package api

import (
	"embed"
	"errors"
	"html/template"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"golang.org/x/text/language"

	"github.com/yitong-hub/yitong/identity/signin"
	"github.com/yitong-hub/yitong/internal/fault"
)

//go:embed signin.html
var signinPage embed.FS

var signinTemplate = template.Must(template.ParseFS(signinPage, "signin.html"))

var pageLanguages = language.NewMatcher([]language.Tag{language.Chinese, language.English})

// failPage answers a browser with a page, from which it can try again at that
// address, and everybody else with a problem.
func (s *Server) failPage(c *gin.Context, again string, err error) {
	c.Header("Referrer-Policy", "no-referrer")
	if !strings.Contains(c.GetHeader("Accept"), "text/html") {
		s.fail(c, err)
		return
	}
	code := fault.CodeOf(err)
	status, known := statuses[code]
	if !known {
		status = http.StatusInternalServerError
	}
	if status >= http.StatusInternalServerError {
		s.Logger.Error("request failed", "request", requestID(c), "code", code, "cause", err)
	}
	shown := struct{ Lang, Title, Detail, Again, AgainText, Request, RequestText string }{
		Lang: "zh", Title: "登录没有成功", Detail: inChinese(err, code), AgainText: "重新登录", Request: requestID(c), RequestText: "请求编号",
	}
	if tags, _, err2 := language.ParseAcceptLanguage(c.GetHeader("Accept-Language")); err2 == nil && len(tags) > 0 {
		if _, index, _ := pageLanguages.Match(tags...); index == 1 {
			shown.Lang, shown.Title, shown.Detail, shown.AgainText, shown.RequestText = "en", "You are not signed in", sentence(fault.Public(err)), "Sign in again", "Request"
		}
	}
	if code != fault.NotFound && code != codeTooMany {
		shown.Again = again
	}
	c.Abort()
	c.Header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	c.Header("Content-Type", "text/html; charset=utf-8")
	c.Header("Content-Language", shown.Lang)
	c.Header("Vary", "Accept, Accept-Language")
	c.Header("Cache-Control", "no-store")
	c.Status(status)
	if err := signinTemplate.Execute(c.Writer, shown); err != nil {
		s.Logger.Warn("a page could not be written", "request", requestID(c), "cause", err)
	}
}

func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// inChinese says what went wrong.
func inChinese(err error, code fault.Code) string {
	switch {
	case errors.Is(err, signin.ErrState), errors.Is(err, signin.ErrLate):
		return "这次登录不是在本浏览器中开始的，或者已经超时、已经用过。请重新登录。"
	case errors.Is(err, signin.ErrDeclined):
		return "您在统一身份认证处取消了登录，或被其拒绝。请重新登录。"
	case errors.Is(err, signin.ErrCampusID):
		return "统一身份认证没有给出您的学工号，请联系本平台管理员。"
	}
	switch code {
	case fault.Denied:
		var refusal signin.RefusalError
		if errors.As(err, &refusal) {
			return "统一身份认证没有确认您的身份。请重新登录。"
		}
		return "统一身份认证确认了您的身份，但本平台没有登记您的学工号，或登记有重复。请联系本平台管理员。"
	case fault.NotFound:
		return "没有这种登录方式。"
	case fault.Invalid:
		return "登录链接不正确。"
	case fault.Conflict:
		return "不能从这个网址登录：请用 127.0.0.1 打开本平台，或请管理员配置公开网址。"
	case codeTooMany:
		return "来自这个网络地址的登录尝试过多，请稍后再试。"
	}
	return "现在无法登录，请稍后再试；如仍不行，请联系本平台管理员。"
}
