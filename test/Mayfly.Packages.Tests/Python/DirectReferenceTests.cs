using System.Text.Json;
using Mayfly.Packages.Python;

namespace Mayfly.Packages.Tests.Python;

/// <summary>Lines that name a folder, a file or an address, and the file that says so afterwards: pip itself takes the same lines apart.</summary>
public sealed class DirectReferenceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mayfly-direct-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    [Trait("needs", "oracle")]
    public void Pip_takes_the_same_lines_apart_into_the_same()
    {
        Directory.CreateDirectory($"{_folder}/a b+ü~/pkg");
        File.WriteAllText($"{_folder}/a b+ü~/pyproject.toml", "");
        File.WriteAllText($"{_folder}/one_two-1.0-py3-none-any.whl", "");
        File.WriteAllText($"{_folder}/one-1.0.tar.gz", "");
        const string Digits = "0123456789abcdef0123456789abcdef";
        (string Text, bool Editable)[] lines =
        [
            ($"{_folder}/a b+ü~", false), ($"{_folder}/a b+ü~[x,Y_z]", false), ($"{_folder}/a b+ü~/", true), ($"{_folder}/a b+ü~[x]", true), ($"{_folder}/../{Path.GetFileName(_folder)}/a b+ü~", false),
            ($"{_folder}/one_two-1.0-py3-none-any.whl", false), ($"{_folder}/one_two-1.0-py3-none-any.whl[x] ; python_version > '3'", false), ($"{_folder}/one-1.0.tar.gz", false),
            ($"file://{_folder}/one_two-1.0-py3-none-any.whl", false), ($"file://{_folder}/a%20b%2B%C3%BC~", true), ($"file://{_folder}/a%20b%2B%C3%BC~#egg=pkg&subdirectory=pkg", false), ($"file://{_folder}/a%20b%2B%C3%BC~[x]", true),
            ($"one-two @ file://{_folder}/one_two-1.0-py3-none-any.whl", false), ($"one-two[x]@ file://{_folder}/one_two-1.0-py3-none-any.whl ; python_version > '3'", false),
            ("https://host/one_two-1.0-py3-none-any.whl", false), ($"https://host/one_two-1.0-py3-none-any.whl#sha256={Digits}{Digits}", false), ($"https://host/one-1.0.zip#md5={Digits}", false),
            ("https://user:word@host:8/a%2Fb/one-1.0.tar.gz?x=y@z#subdirectory=in/it", false), ("https://${USER}:${WORD}@host/one-1.0.tar.gz", false), ("HTTPS://host/one-1.0.tar.gz#egg=Other_Name", false),
            ($"one @ https://host/archive/main.zip#subdirectory=x&sha512={Digits}{Digits}{Digits}{Digits}", false), ("one @ https://host/ü-1.0.tar.gz", false),
        ];
        var theirs = PackagingVerdicts.Ask("pip-lines.py", lines.Select(static line => (object)new object[] { line.Text, line.Editable }));
        foreach (var ((text, editable), verdict) in lines.Zip(theirs))
        {
            var entry = new RequirementsEntry { File = "x", Line = 1, Text = text, IsEditable = editable };
            var direct = DirectRequirement.TryRead(entry);
            if (direct is null)
            {
                var named = DependencySpecifier.Parse(text);
                direct = new DirectRequirement(named.Name, named.Extras, DirectReference.Read(named.Address!), named.Marker);
            }

            // Only pip names sources by a fragment alone; what their file's name says is as good.
            var ours = new { name = direct.Reference is { IsWheel: false, Project: null } && !text.Contains(" @ ", StringComparison.Ordinal) ? null : direct.Name?.Text, extras = direct.Extras.Select(static extra => extra.Text), marker = direct.Marker is not null, origin = DirectUrl.Of(direct.Reference, null).ToString().Replace("{\"hash\": \"sha256=\", \"hashes\": {\"sha256\": \"\"}}", "{}", StringComparison.Ordinal) };
            Assert.Equal((text, JsonSerializer.Serialize(verdict, PackagingVerdicts.Readable)), (text, JsonSerializer.Serialize(ours, PackagingVerdicts.Readable)));
        }
    }

    [Theory]
    [InlineData("""{"archive_info": {"hash": "sha256=00", "hashes": {"sha256": "00"}}, "subdirectory": "a b", "url": "https://host/\u00fc.zip"}""", "https://host/ü.zip#sha256=00&subdirectory=a b")]
    [InlineData("""{"dir_info": {}, "url": "file:///home/me"}""", "file:///home/me")]
    [InlineData("""{"dir_info": {"editable": true}, "url": "file:///home/me"}""", "file:///home/me")]
    [InlineData("""{"url": "https://host/x.git", "vcs_info": {"commit_id": "00", "vcs": "git"}}""", "git+https://host/x.git@00")]
    public void What_is_written_is_read_as_the_same(string text, string requirement)
    {
        var origin = DirectUrl.Read(text)!;
        Assert.Equal((text, requirement), (origin.ToString(), origin.Requirement()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"url": 1}""")]
    [InlineData("""{"url": "x", "vcs_info": {}}""")]
    [InlineData("""{"url": "x", "archive_info": []}""")]
    public void What_cannot_be_read_says_nothing(string text) => Assert.Null(DirectUrl.Read(text));

    [Theory]
    [InlineData("file://host/x.whl", "file://host/x.whl is no address that something can be installed from")]
    [InlineData("https://host/x-1.zip#subdirectory=../x", "https://host/x-1.zip#subdirectory=../x names a subdirectory that leads out of it")]
    [InlineData("https://host/x.exe", "https://host/x.exe is neither a wheel nor an archive of sources")]
    public void What_leads_nowhere_is_refused(string text, string message) => Assert.Equal(message, Assert.Throws<MayflyException>(() => DirectReference.Read(text)).Message);
}
