using System.Net;
using System.Text;
using System.Text.Json;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Tests.Python;

/// <summary>Pages of indexes, in HTML and JSON; pip's own reader judges.</summary>
public sealed class IndexPageTests
{
    private static readonly string Sha256 = string.Concat(Enumerable.Repeat("ABcd0123", 8)), Md5 = new('0', 32);

    private static readonly Uri Address = new("https://index.test/simple/a/");

    [Fact]
    [Trait("needs", "oracle")]
    public void Pages_offer_what_pip_finds_on_them()
    {
        var write = new Spellings(PackagingVerdicts.Seed);
        var questions = Enumerable.Range(0, 2_000).Select(i => new { page = i % 2 == 0 ? Html(write) : Json(write), type = i % 2 == 0 ? "text/html; charset=utf-8" : "application/vnd.pypi.simple.v1+json", address = Address.AbsoluteUri }).ToArray();
        var verdicts = PackagingVerdicts.Ask("pip-links.py", questions);
        var different = questions.Zip(verdicts).Select(static pair => (pair.First, Ours: JsonSerializer.Serialize(Files(pair.First.page, pair.First.type), PackagingVerdicts.Readable), Theirs: JsonSerializer.Serialize(pair.Second, PackagingVerdicts.Readable))).Where(static one => one.Ours != one.Theirs).ToList();
        Assert.True(different.Count == 0, $"seed {PackagingVerdicts.Seed}, {different.Count} of {questions.Length} differ:\n{string.Join('\n', different.Take(5).Select(static one => $"{one.First.page}\n  {one.Ours} instead of\n  {one.Theirs}"))}");
        Assert.True(verdicts.Sum(static verdict => verdict.GetArrayLength()) > questions.Length * 2);
    }

    [Theory]
    [InlineData("{\"meta\": {\"api-version\": \"2.0\"}, \"files\": []}", "application/vnd.pypi.simple.v1+json", "https://index.test/simple/a/ is of version 2.0 of the index's protocol, and only version 1 is known")]
    [InlineData("<meta name='pypi:repository-version' content='2.1'>", "text/html", "https://index.test/simple/a/ is of version 2.1 of the index's protocol, and only version 1 is known")]
    [InlineData("", "", "https://index.test/simple/a/ answered with something that it has no word for, which is no index page")]
    [InlineData("a", "application/pdf", "https://index.test/simple/a/ answered with application/pdf, which is no index page")]
    public void What_is_no_page_is_told(string page, string type, string message) =>
        Assert.Equal(message, Assert.Throws<MayflyException>(() => IndexPage.Read(Encoding.UTF8.GetBytes(page), type, Address)).Message);

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"meta\": {}, \"files\": []}")]
    [InlineData("{\"meta\": {\"api-version\": \"1.0\"}, \"files\": [{}]}")]
    [InlineData("{\"meta\": {\"api-version\": \"1.0\"}, \"files\": [{\"filename\": 1, \"url\": \"a\", \"hashes\": {}}]}")]
    [InlineData("{\"meta\": {\"api-version\": \"1.0\"}, \"files\": [{\"filename\": \"a\", \"url\": \"http://[\", \"hashes\": {}}]}")]
    public void Broken_JSON_is_told(string page) =>
        Assert.StartsWith("https://index.test/simple/a/ sent a page that cannot be read: ", Assert.Throws<MayflyException>(() => IndexPage.Read(Encoding.UTF8.GetBytes(page), "application/vnd.pypi.simple.v1+json", Address)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("<a href='javascript:void(0)'>x</a><a href='mailto:a-1.0-py3-none-any.whl'>x</a><a href='ftp://files.test/a-1.0.zip'>x</a><a href='data:,a-1.0.zip'>x</a><a href='a-1.0.zip'>x</a>", "text/html", "https://index.test/simple/a/a-1.0.zip")]
    [InlineData("<a href='https://:pw@files.test/a-1.0.zip#x'>x</a>", "text/html", "https://:pw@files.test/a-1.0.zip")]
    [InlineData("<base href='mailto:x'><a href='a-1.0.zip'>x</a><a href=''>x</a><a href='https://files.test/a-1.1.zip'>x</a>", "text/html", "https://files.test/a-1.1.zip")]
    [InlineData("""{"meta": {"api-version": "1.0"}, "files": [{"filename": "a-1.0.zip", "url": "mailto:x@y", "hashes": {}}, {"filename": "a-1.0.zip", "url": "gopher://files.test/a-1.0.zip", "hashes": {}}, {"filename": "a-1.1.zip", "url": "../a-1.1.zip", "hashes": {}}]}""", "application/vnd.pypi.simple.v1+json", "https://index.test/simple/a-1.1.zip")]
    public void Links_that_nobody_fetches_are_no_files(string page, string type, string only) =>
        Assert.Equal([only], IndexPage.Read(Encoding.UTF8.GetBytes(page), type, Address).Files.Select(static file => file.Address.AbsoluteUri));

    [Fact]
    public void What_HTML_says_is_kept_as_JSON_that_says_the_same()
    {
        var (write, random, kept) = (new Spellings(PackagingVerdicts.Seed), new Random(PackagingVerdicts.Seed), 0);
        for (var i = 0; i < 10_000; i++)
        {
            var page = Encoding.UTF8.GetBytes(i % 2 == 0 ? Html(write) : Changed(Html(write), random));
            var one = KeptPage.Of(Address, "text/html; charset=utf-8", new Validators("\"1\"", null), page);
            if (one.ContentType != IndexJson.MediaType)
                continue;
            kept++;
            Assert.Equal(Told(IndexPage.Read(page, "text/html", Address)), Told(IndexPage.Read(one.Body, one.ContentType, one.Address)));
        }

        Assert.InRange(kept, 7_000, 10_000);
        var secret = KeptPage.Of(new Uri("https://me:secret@index.test/simple/a/"), "text/html", new Validators("\"1\"", null), "<a href='a-1.0.zip'>x</a>"u8.ToArray());
        Assert.DoesNotContain("secret", Encoding.UTF8.GetString(secret.Body.Span), StringComparison.Ordinal);
        // Nobody's page is made many times as long.
        Assert.Equal("text/html", KeptPage.Of(Address, "text/html", new Validators("\"1\"", null), Encoding.UTF8.GetBytes($"<base href='https://files.test/{new string('x', 100_000)}/'>{string.Concat(Enumerable.Repeat("<a href='a-1.0.zip'>x</a>", 100))}")).ContentType);
        // What cannot be read is told when it is read.
        Assert.Equal("text/html", KeptPage.Of(Address, "text/html", new Validators("\"1\"", null), "<meta name='pypi:repository-version' content='2.1'>"u8.ToArray()).ContentType);

        static string Told(IndexPage page) => string.Concat(page.Files.Select(static file =>
            $"{file.Name} {file.Address.AbsoluteUri} {Hashes(file.Hashes)} {file.Size} {file.RequiresPython} {file.HasMetadata} {Hashes(file.MetadataHashes)} '{file.Yanked}' {file.Yanked is null} {file.Uploaded}\n"));

        static string Hashes(IReadOnlyDictionary<string, string> hashes) => string.Join(',', hashes.Select(static hash => $"{hash.Key}={hash.Value}"));
    }

    [Fact]
    public void Noise_is_read_or_refused()
    {
        var (write, random, refused, read) = (new Spellings(PackagingVerdicts.Seed), new Random(PackagingVerdicts.Seed), 0, 0);
        for (var i = 0; i < 20_000; i++)
        {
            var (page, type) = i % 2 == 0 ? (Html(write), "text/html") : (Json(write), "application/vnd.pypi.simple.v1+json");
            page = Changed(page, random);
            try
            {
                _ = Files(page, type).Count();
                read++;
            }
            catch (MayflyException)
            {
                refused++;
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {PackagingVerdicts.Seed}, page {i}: {e}\n{page}");
            }
        }

        Assert.True(read > 5_000 && refused > 2_000, $"{read} were read, {refused} refused");
    }

    private static IEnumerable<object?[]> Files(string page, string type) => IndexPage.Read(Encoding.UTF8.GetBytes(page), type, Address).Files.Select(static file => new object?[]
    {
        file.Name, file.Address.AbsoluteUri, file.Hashes.Keys.FirstOrDefault(), file.Hashes.Values.FirstOrDefault(), file.RequiresPython is { Clauses.Count: > 0 } python ? python.ToString() : null, file.Yanked, file.HasMetadata,
    });

    private static string Html(Spellings write)
    {
        var page = write.One("", "<!DOCTYPE html><html><head>") + write.One("", "<meta name=\"pypi:repository-version\" content=\"1.1\">") + write.One("", "", "<base href=\"https://files.test/packages/\">") + "<body>";
        for (var i = write.One(0, 1, 3, 6); i > 0; i--)
        {
            var href = write.One("", "", "https://files.test/a/", "../../packages/", "/packages/", "//files.test/") + Uri.EscapeDataString(write.WheelName()) + write.One("", $"#sha256={Sha256}", $"#md5={Md5}", "?x=1", $"#egg=a&sha256={Sha256}", "#nothing");
            page += $"<a {write.One("", "class=\"x\" ")}href={Quoted(href)}{Attribute("data-requires-python", ">=3.8", "<4,>=3.8", "")}{Attribute("data-yanked", "", "broken & bad")}{Attribute("data-dist-info-metadata", "true", $"sha256={Sha256}")}>{WebUtility.HtmlEncode(write.WheelName())}</a>{write.One("<br/>", "<br>\n", "", "<!-- <a href=\"b\">b</a> -->")}";
        }

        return page + write.One("<a>nothing</a>", "<A HREF='c-1.0.zip'>c</A>", "", "<a href=\"../\">up</a>");

        string Quoted(string value) => write.One("\"", "'") is var quote && quote == "\"" ? $"\"{WebUtility.HtmlEncode(value)}\"" : $"'{WebUtility.HtmlEncode(value)}'";
        string Attribute(string name, params string[] values) => write.One(true, false, false) ? $" {name}={Quoted(write.One(values))}" : "";
    }

    private static string Json(Spellings write) => JsonSerializer.Serialize(new Dictionary<string, object>
    {
        ["meta"] = new Dictionary<string, object> { ["api-version"] = write.One("1.0", "1.3") },
        ["name"] = "a",
        ["files"] = Enumerable.Range(0, write.One(0, 1, 3, 6)).Select(_ =>
        {
            var name = write.WheelName();
            var file = new Dictionary<string, object?>
            {
                ["filename"] = name,
                ["url"] = write.One("", "https://files.test/", "../") + Uri.EscapeDataString(name),
                ["hashes"] = write.One(new Dictionary<string, string>(), new() { ["sha256"] = Sha256 }, new() { ["md5"] = Md5 }),
                ["yanked"] = write.One<object?>(false, true, "broken", null),
                ["size"] = 10,
                ["upload-time"] = "2026-11-26T00:00:00.123456Z",
            };
            if (write.One(true, false))
                file["requires-python"] = write.One<string?>(">=3.8", "<4,>=3.8", null, "");
            if (write.One(true, false))
                file["dist-info-metadata"] = write.One<object>(true, new Dictionary<string, string> { ["sha256"] = "00" });
            return file;
        }),
    });

    /// <summary>A page with some odd things in it.</summary>
    private static string Changed(string page, Random random)
    {
        string[] odd = ["javascript:", "mailto:x", "ftp://", "http://[", "http:", "//", "://", "file:", "#", "?", "%", "%ff", "\\", "\0", "\ud800", "\"", "'", "<base href='", "<a href='", ">", "&#0;", "{", "}", "[", "]", ":", ",", "null", "-1", "1e999", "99999999999999999999", "\"url\"", "\"hashes\"", "\"filename\"", "@", " ", ".", "x:y"];
        for (var changes = random.Next(1, 6); changes > 0; changes--)
        {
            var at = random.Next(page.Length + 1);
            page = $"{page[..at]}{odd[random.Next(odd.Length)]}{page[Math.Min(page.Length, at + random.Next(3) * random.Next(8))..]}";
        }

        return page;
    }
}
