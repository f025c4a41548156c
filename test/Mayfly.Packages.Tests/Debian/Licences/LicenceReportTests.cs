using System.Text;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Debian.Licences;
using static Mayfly.Packages.Tests.Archives.ArchiveBuilder;

namespace Mayfly.Packages.Tests.Debian.Licences;

/// <summary>Copyright files where packages keep them, and where hostile ones would.</summary>
public sealed class LicenceReportTests : IDisposable
{
    private const string Readable = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nCopyright: me\nLicense: ISC\n";

    private readonly TemporaryStore _temporary = new();
    private readonly List<LockedPackage> _packages = [];

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public async Task A_file_is_found_in_its_place_and_behind_links()
    {
        Add("own", File("./usr/share/doc/own/copyright", Readable));
        Add("folder", Link("./usr/share/doc/folder", "own"));
        Add("absolute", Link("./usr/share/doc/absolute", "/usr/share/doc/folder"));
        Add("file", Folder("./usr/share/doc/file"), Link("./usr/share/doc/file/copyright", "../../doc/./absolute/copyright"));
        Add("hard", File("./usr/share/doc/hard/LICENSE", Readable), HardLink("./usr/share/doc/hard/copyright", "./usr/share/doc/hard/LICENSE"));
        Add("elsewhere", File("./usr/lib/elsewhere/LICENSE", Readable), Link("./usr/share/doc/elsewhere/copyright", "../../../../../../usr/lib/elsewhere/LICENSE"));
        Add("packed", Entry('0', "./usr/share/doc/packed/copyright.gz", contents: Gzip(Encoding.UTF8.GetBytes(Readable))));

        var report = await ReadAsync();

        Assert.All(report.Packages, static package => Assert.Equal("ISC", package.Licence?.Spdx));
        Assert.All(report.Packages, static package => Assert.True(package.IsRead));
        Assert.Equal(
            ["own own", "folder own", "absolute own", "file own", "hard hard", "elsewhere elsewhere", "packed packed"],
            report.Packages.Select(static package => $"{package.Package.Name} {package.Holder!.Split(':')[0]}"));
        Assert.Equal("usr/lib/elsewhere/LICENSE", report.Packages[5].Path);
    }

    [Theory]
    [InlineData("nothing", "has no usr/share/doc/x/copyright")]
    [InlineData("folder", "has no usr/share/doc/x/copyright")]
    [InlineData("away", "has a /usr/share/doc/x/copyright that leads to /usr/share/doc/other/copyright, which no locked package brings")]
    [InlineData("host", "has a /usr/share/doc/x/copyright that leads to /etc/os-release, which no locked package brings")]
    [InlineData("itself", "has a /usr/share/doc/x/copyright that is a circle of links")]
    [InlineData("growing", "has a /usr/share/doc/x/copyright that is a circle of links")]
    [InlineData("winding", "has a /usr/share/doc/x/copyright that is a circle of links")]
    [InlineData("binary", "is no text")]
    [InlineData("huge", "cannot be read: it is larger than 16 MiB")]
    [InlineData("bomb", "cannot be read: it is larger than 16 MiB")]
    [InlineData("damaged", "cannot be read: its compressed data is damaged")]
    [InlineData("free", "is free-form text, not machine-readable")]
    [InlineData("texts", "names no files, only licences")]
    [InlineData("long", "is incomplete at line 4: a License has a name of 20000 characters")]
    public async Task What_cannot_be_read_is_said(string kind, string reason)
    {
        const string Path = "./usr/share/doc/x/copyright";
        Add("x", kind switch
        {
            "nothing" => File("./usr/share/doc/x/README", "hello"),
            "folder" => Folder(Path),
            "away" => Link("./usr/share/doc/x", "other"),
            "host" => Link(Path, "/etc/os-release"),
            "itself" => Link(Path, "copyright"),
            "growing" => Link("./usr/share/doc/x", "x/x/x/x/x/x/x/x"),
            "winding" => [.. Pax(("linkpath", string.Concat(Enumerable.Repeat("y/", 600)) + string.Concat(Enumerable.Repeat("../", 600)) + "z")), .. Link("./usr/share/doc/x", "z")],
            "binary" => Entry('0', Path, contents: [.. Encoding.UTF8.GetBytes(Readable), 0, 1, 2]),
            "huge" => Entry('0', Path, contents: new byte[(16 << 20) + 1]),
            "bomb" => Entry('0', Path + ".gz", contents: Gzip(new byte[64 << 20])),
            "damaged" => Entry('0', Path + ".gz", contents: "no gzip at all"u8.ToArray()),
            "free" => File(Path, "It is free.\nSee /usr/share/common-licenses/GPL-2, or /usr/share/common-licenses/LGPL-2.1.\n"),
            "texts" => File(Path, Readable.Replace("Files: *\nCopyright: me\n", "", StringComparison.Ordinal)),
            _ => File(Path, Readable.Replace("Copyright: me\nLicense: ISC", $"License: {new string('x', 20_000)}", StringComparison.Ordinal)),
        });

        var package = Assert.Single((await ReadAsync()).Packages);

        Assert.StartsWith(reason, Assert.Single(package.Unread));
        Assert.Equal(kind == "free" ? ["GPL-2", "LGPL-2.1"] : [], package.RefersTo);
        Assert.Equal(kind == "texts" ? "ISC" : null, package.Licence?.Spdx);
    }

    [Fact]
    public async Task Old_encodings_hide_no_licence()
    {
        Add("x", Entry('0', "./usr/share/doc/x/copyright", contents: Encoding.Latin1.GetBytes(Readable.Replace("me", "Jos\u00e9", StringComparison.Ordinal))));
        Add("y", Entry('0', "./usr/share/doc/y/copyright", contents: [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(Readable)]));
        Assert.All((await ReadAsync()).Packages, static package => Assert.Equal("ISC", package.Licence?.Spdx));
    }

    [Fact]
    public async Task Nothing_that_strangers_write_steers_a_terminal()
    {
        Add("x", File("./usr/share/doc/x/copyright", Readable.Replace("ISC", "I\u001b[31mSC\u009b2J", StringComparison.Ordinal)));
        Add("y", Link("./usr/share/doc/y", "z\u001b[2J"));
        Assert.All((await ReadAsync()).Packages, static package => Assert.DoesNotContain($"{package}{package.Licence?.Text}", static c => char.IsControl(c)));
    }

    [Fact]
    public async Task Half_a_million_paragraphs_take_no_longer_than_their_text()
    {
        var text = new StringBuilder(Readable);
        for (var at = 0; text.Length < 15_000_000; at++)
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\nFiles: f\nLicense: L{at % 1000}\n");
        Add("x", File("./usr/share/doc/x/copyright", text.ToString()));
        var package = Assert.Single((await ReadAsync()).Packages);
        Assert.True(package.Licensed.Count > 500_000);
        Assert.Equal(1001, package.Licence!.Terms.Count());
    }

    [Fact]
    public async Task Texts_without_a_certain_name_are_kept()
    {
        Add("x", File("./usr/share/doc/x/copyright", Readable.Replace("License: ISC", "License: mine and ISC\n\nLicense: mine\n Do what you want.\n .\n But ask.", StringComparison.Ordinal)));
        var package = Assert.Single((await ReadAsync()).Packages);
        Assert.Equal("LicenseRef-mine AND ISC", package.Licence?.Spdx);
        Assert.Equal("Do what you want.\n\nBut ask.", package.Texts["LicenseRef-mine"]);
    }

    private void Add(string name, params byte[][] entries) => _packages.Add(_temporary.Add(name, Deb(Tar(entries))));

    private async Task<LicenceReport> ReadAsync()
    {
        await Unpack.AllAsync(_temporary.Store, _packages);
        return LicenceReport.Read(_temporary.Store, new StackLock { Architecture = "amd64", Releases = [], Packages = _packages, Sets = [] });
    }
}
