using Mayfly.Packages.Debian;
using Mayfly.Packages.Tests.Debian;
using Tomlyn;
using Tomlyn.Model;

namespace Mayfly.Packages.Tests;

public sealed class LockFileTests
{
    private static readonly StackLock Example = new()
    {
        Architecture = "amd64",
        Releases =
        [
            new LockedRelease
            {
                Id = "bookworm", Origin = "Debian", Label = "Debian \"stable\"\\", Suite = "oldstable", Codename = "bookworm",
                Date = new DateTimeOffset(2026, 5, 20, 9, 30, 0, TimeSpan.Zero), Digest = new string('a', 64), Components = ["main", "contrib"],
            },
        ],
        Packages = [Package("adduser", "all"), Package("libstdc++6", "amd64")],
        Sets =
        [
            new LockedSet { Name = "base", Requests = [], Automatic = ["libstdc++6:amd64"], Stages = [new LockedStage(["libstdc++6:amd64"]) { Configured = ["libstdc++6:amd64"], Date = new DateTimeOffset(2026, 5, 19, 8, 0, 1, TimeSpan.Zero) }] },
            new LockedSet { Name = "web", Requests = ["adduser=1:2.0-1"], Recommends = true, InOneGo = true, Stages = [new LockedStage(["adduser:all"]), new LockedStage(["libstdc++6:amd64"]) { AddedTo = ["adduser=1:2.0-1"], Date = new DateTimeOffset(2026, 5, 20, 8, 0, 1, TimeSpan.Zero) }] },
        ],
        Environments =
        [
            new LockedEnvironment
            {
                Set = "web", Into = "/srv/env", Requests = ["django<5", "requests[socks]; python_version > \"3\""], Answers = new string('b', 64), Interpreter = "cpython 3.11.2, glibc 2.36, x86_64",
                Wheels =
                [
                    new LockedWheel { File = "Django-4.2-py3-none-any.whl", Index = "index", Size = 8, Sha256 = new string('c', 64), Metadata = new string('e', 64), Needs = ["sqlparse"] },
                    new LockedWheel { File = "sqlparse-1!0.4+x-py3-none-any.whl", Index = "links", Size = 9, Sha256 = new string('d', 64) },
                    new LockedWheel { File = "far-1-py3-none-any.whl", Index = "address", From = "https://example.org/${TOKEN}/far-1-py3-none-any.whl", Size = 9, Sha256 = new string('6', 64) },
                    new LockedWheel
                    {
                        File = "own-1-py3-none-any.whl", Index = "folder", From = "./libs/own work", Size = 9, Sha256 = new string('7', 64),
                        Source = new LockedSource { File = "own work.tar", Size = 7, Sha256 = new string('8', 64), Subdirectory = "python/own", Packages = new string('5', 64), With = [] },
                    },
                    new LockedWheel
                    {
                        File = "mysqlclient-2.2-cp311-cp311-linux_x86_64.whl", Index = "index 2", Size = 10, Sha256 = new string('f', 64),
                        Source = new LockedSource
                        {
                            File = "mysqlclient-2.2.tar.gz", Size = 7, Sha256 = new string('1', 64), Packages = new string('5', 64),
                            With =
                            [
                                new LockedWheel { File = "odd-1-py3-none-any.whl", Index = "index", Size = 3, Sha256 = new string('2', 64), Source = new LockedSource { File = "odd-1.zip", Size = 4, Sha256 = new string('3', 64), Packages = new string('5', 64), With = [] } },
                                new LockedWheel { File = "setuptools-66-py3-none-any.whl", Index = "index", Size = 5, Sha256 = new string('4', 64) },
                            ],
                        },
                    },
                ],
            },
        ],
        Ids = [new LockedId("memcache", LockedIdKind.User, 100), new LockedId("memcache", LockedIdKind.Group, 101)],
    };

    [Fact]
    public void What_is_written_is_read_back()
    {
        var text = LockFile.Format(Example);
        Assert.Equivalent(Example, LockFile.Parse(text), strict: true);
        Assert.Equal(text, LockFile.Format(LockFile.Parse(text)));
    }

    [Fact]
    public void Each_package_is_one_line()
    {
        var changed = Example with { Packages = [Example.Packages[0] with { Version = "9" }, Example.Packages[1]] };
        Assert.Single(LockFile.Format(changed).Split('\n').Except(LockFile.Format(Example).Split('\n')));
    }

    [Theory]
    [InlineData("set = \"web\"\ninto", "set = \"other\"\ninto", "the set 'other' is not among [[sets]]")]
    [InlineData("\"/srv/env\"", "\"/srv/../etc\"", "'/srv/../etc' is no path in an image")]
    [InlineData("sqlparse-1!0.4+x-py3-none-any.whl", "../x-1-py3-none-any.whl", "'../x-1-py3-none-any.whl' is no name of a wheel")]
    [InlineData("sqlparse-1!0.4+x-", "django-3-", "the project django stands here a second time")]
    [InlineData("own work.tar", "../own.tar", "'../own.tar' is no name of an archive of sources")]
    [InlineData("own work.tar", "own", "'own' is no name of an archive of sources")]
    [InlineData("\"python/own\"", "\"python/../own\"", "'python/../own' is no folder in an archive")]
    [InlineData("\"./libs/own work\"", "\"https://example.org\"", "'https://example.org' is nothing that something of 'folder' is from")]
    [InlineData("\"https://example.org/${TOKEN}/far-1-py3-none-any.whl\"", "\"file:///etc/far-1-py3-none-any.whl\"", "'file:///etc/far-1-py3-none-any.whl' is nothing that something of 'address' is from")]
    [InlineData("\"address\"", "\"index\"", "'https://example.org/${TOKEN}/far-1-py3-none-any.whl' is nothing that something of 'index' is from")]
    [InlineData(", from = \"./libs/own work\"", "", "own-1-py3-none-any.whl is said to be from a folder, and not which one")]
    [InlineData("mysqlclient-2.2.tar.gz", "../mysqlclient-2.2.tar.gz", "'../mysqlclient-2.2.tar.gz' is no name of an archive of sources")]
    [InlineData("odd-1.zip", "odd-1.exe", "'odd-1.exe' is no name of an archive of sources")]
    [InlineData("size = 4", "size = -4", "the size is no number of bytes")]
    [InlineData("setuptools-66-", "odd-66-", "the project odd stands here a second time")]
    [InlineData("size = 9", "size = 0", "the size is no number of bytes")]
    [InlineData("index = \"links\"", "mirror = \"x\"", "'mirror' is not known here")]
    public void An_environment_that_cannot_be_is_refused(string written, string instead, string message)
    {
        var text = LockFile.Format(Example);
        Assert.Contains(written, text);
        Assert.Contains(message, Assert.Throws<LockFileException>(() => LockFile.Parse(text.Replace(written, instead, StringComparison.Ordinal))).Message);
    }

    [Fact]
    public void It_is_toml()
    {
        var model = TomlSerializer.Deserialize<TomlTable>(LockFile.Format(Example))!;
        Assert.Equal("1:2.0-1", ((TomlTable)((TomlTable)model["packages"])["adduser:all"])["version"]);
        Assert.Equal("Debian \"stable\"\\", ((TomlTable)((TomlTable)model["releases"])["bookworm"])["label"]);
        Assert.Equal(2, ((TomlTableArray)model["sets"]).Count);
    }

    [Fact]
    public void A_file_is_written_whole_and_read()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, LockFile.Name);
        Assert.Null(LockFile.Read(path));
        LockFile.Write(path, Example);
        LockFile.Write(path, Example);
        Assert.Equivalent(Example, LockFile.Read(path), strict: true);
        Assert.Equal([path], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void What_a_killed_writer_left_beside_a_lock_goes_with_the_next_one()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, LockFile.Name);
        // No process has the first number, the second one is at it, and the third name is somebody's own.
        string[] kept = [path, $"{path}.1.tmp", $"{path}.mine.tmp"];
        foreach (var file in (string[])[.. kept.Skip(1), $"{path}.{int.MaxValue}.tmp"])
            File.WriteAllText(file, "format = 9\n");
        LockFile.Write(path, Example);
        Assert.Equal(kept, Directory.GetFiles(folder.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_former_format_is_read_with_its_ids_and_holds_for_nothing()
    {
        var former = LockFile.Parse(LockFile.Format(Example).Replace("format = 9", "format = 2", StringComparison.Ordinal));

        Assert.Equivalent(Example with { Format = 2 }, former, strict: true);
        Assert.True(DebianLock.Satisfies(former with { Format = StackLock.CurrentFormat }, former.Architecture, []));
        Assert.False(DebianLock.Satisfies(former, former.Architecture, []));
    }

    [Theory]
    [InlineData("format = 9", "format = 10", "line 2: its format is 10, this Mayfly knows 9")]
    [InlineData("format = 9", "format = 0", "line 2: 'format' must be a number from 1")]
    [InlineData("\"adduser:all\" = {", "\"../adduser:all\" = {", "line 9: '../adduser:all' is no package of amd64")]
    [InlineData("\"adduser:all\" = {", "\"adduser:i386\" = {", "line 9: 'adduser:i386' is no package of amd64")]
    [InlineData("path = \"pool/adduser.deb\"", "path = \"pool/../../etc/passwd\"", "line 9: the path 'pool/../../etc/passwd' does not stay inside")]
    [InlineData("path = \"pool/adduser.deb\"", "path = \"/etc/passwd\"", "line 9: the path '/etc/passwd' does not stay inside")]
    [InlineData("path = \"pool/adduser.deb\"", "path = \"pool/a\\u0000b\"", "line 9: the path")]
    [InlineData("sha256 = \"b", "sha256 = \"B", "line 9: 'B")]
    [InlineData("sha256 = \"b", "sha256 = \"", "is no SHA-256")]
    [InlineData("size = 7", "size = -7", "line 9: the size is no number of bytes")]
    [InlineData("release = \"bookworm\"", "release = \"trixie\"", "line 9: the release 'trixie' is not among [releases]")]
    [InlineData("version = \"1:2.0-1\"", "version = \"$(id)\"", "line 9: '$(id)' is no version")]
    [InlineData("name = \"web\"", "name = \"../web\"", "'../web' is no name of a set")]
    [InlineData("name = \"web\"", "name = \"base\"", "the set 'base' stands here a second time")]
    [InlineData("\"adduser:all\",", "\"gone:all\",", "the package 'gone:all' is not among [packages]")]
    [InlineData("\"configure libstdc", "\"configure gone", "'configure gone++6:amd64' names a package that is not placed before, or is configured already")]
    [InlineData("automatic = [\"libstdc++6:amd64\"]", "automatic = [\"adduser:all\"]", "line 16: the package 'adduser:all' is automatic, but not in the set 'base'")]
    [InlineData("\"dated 2026-05-19T08:00:01Z\"", "\"dated yesterday\"", "line 19: 'dated yesterday' is no date")]
    [InlineData("\"dated 2026-05-19T08:00:01Z\",", "\"dated 2026-05-19T08:00:01Z\", \"dated 2026-05-18T08:00:01Z\",", "line 19: 'dated 2026-05-18T08:00:01Z' stands where no layer begins, and after no earlier date of its layer")]
    [InlineData("\"added to adduser=1:2.0-1\",", "", "'dated 2026-05-20T08:00:01Z' stands where no layer begins, and after no earlier date of its layer")]
    [InlineData("user.\"memcache\" = 100", "user.\"root:x\" = 100", "'user.root:x' is neither user.NAME nor group.NAME")]
    [InlineData("user.\"memcache\" = 100", "user.\"memcache\" = 0", "'user.memcache' must be a number from 1")]
    [InlineData("recommends = true", "recommends = 1", "recommends is true or false")]
    [InlineData("in_one_go = true", "in_one_go = false", "in_one_go is true or not there")]
    [InlineData("recommends = true", "recommend = true", "'recommend' is not known here")]
    [InlineData("requests = [\"adduser=1:2.0-1\"]", "requests = [\"adduser:any\"]", "names no architecture")]
    [InlineData("[ids]", "[ids", "']' is expected")]
    [InlineData("architecture = \"amd64\"", "architecture = \"amd64", "line 3: the string does not end on its line")]
    [InlineData("architecture = \"amd64\"", "<<<<<<< ours", "line 3: a key is expected here")]
    public void What_is_wrong_is_named_by_its_line(string old, string changed, string message)
    {
        var text = LockFile.Format(Example);
        Assert.Contains(old, text, StringComparison.Ordinal);
        var at = text.IndexOf(old, StringComparison.Ordinal);
        var error = Assert.Throws<LockFileException>(() => LockFile.Parse(text[..at] + changed + text[(at + old.Length)..]));
        Assert.StartsWith("stack.lock line ", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.Hint);
    }

    private static LockedPackage Package(string name, string architecture) => new()
    {
        Name = name,
        Architecture = architecture,
        Version = "1:2.0-1",
        Release = "bookworm",
        Size = 7,
        Sha256 = new string('b', 64),
        Path = $"pool/{name}.deb",
    };
}
