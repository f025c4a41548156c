using System.IO.Compression;
using System.Text;
using Mayfly.Environments.Tests;
using Mayfly.Packages.Python;
using Mayfly.Packages.Python.Resolving;
using Mayfly.Packages.Tests.Python;
using Mayfly.Packages.Transfer;

namespace Mayfly.Packages.Tests.Fuzzing;

/// <summary>The files that Python's tools write and read, spoilt.</summary>
public sealed class PythonFilesNoiseTests : IDisposable
{
    private const string DebiansWheels = "/usr/share/python-wheels";

    private readonly TemporaryStore _temporary = new();

    public void Dispose() => _temporary.Dispose();

    [Fact]
    [Trait("needs", "oracle")]
    public void METADATA() => Noise.Each(6_000, [.. Directory.GetDirectories("/usr/lib/python3/dist-packages", "*.dist-info").Select(static folder => $"{folder}/METADATA").Where(File.Exists).Select(File.ReadAllBytes)], static bytes =>
    {
        var metadata = CoreMetadata.Read(bytes, "a.whl");
        foreach (var need in metadata.Requires)
            Assert.Equal(need.ToString(), DependencySpecifier.Parse(need.ToString()).ToString());
        _ = PythonResolutionTests.Target.Allows(metadata.RequiresPython);
        return metadata.Extras.Count >= 0;
    });

    /// <summary>With the file that is spoilt, the digest of it in RECORD is right again, so that it is read at all; RECORD itself has none.</summary>
    [Theory]
    [Trait("needs", "oracle")]
    [InlineData("RECORD")]
    [InlineData("WHEEL")]
    [InlineData("METADATA")]
    public void Metadata_in_a_wheel(string name)
    {
        using var real = ZipFile.OpenRead(Directory.GetFiles(DebiansWheels, "wheel-*.whl").Single());
        var files = real.Entries.Where(static entry => entry.FullName.Contains(".dist-info/", StringComparison.Ordinal) || entry.FullName.EndsWith("__init__.py", StringComparison.Ordinal)).ToDictionary(static entry => entry.FullName, static entry =>
        {
            var bytes = new MemoryStream();
            using var contents = entry.Open();
            contents.CopyTo(bytes);
            return bytes.ToArray();
        });
        var (folder, version) = (files.Keys.First(static path => path.EndsWith("/METADATA", StringComparison.Ordinal)).Split('/')[0], "0.38.4");
        files.Remove($"{folder}/RECORD");
        var whole = WheelFile.WriteWith(_temporary.Folder, "wheel", version, files, "");
        var record = Contents(whole, $"{folder}/RECORD");
        Noise.Each(2_000, [name == "RECORD" ? record : files[$"{folder}/{name}"]], bytes =>
        {
            var path = WheelFile.WriteWith(_temporary.Folder, "wheel", version, name == "RECORD" ? files : new Dictionary<string, byte[]>(files) { [$"{folder}/{name}"] = bytes }, "");
            if (name == "RECORD")
                Replace(path, $"{folder}/RECORD", bytes);
            using var file = File.OpenHandle(path);
            var wheel = WheelArchive.Read(file, Path.GetFileName(path));
            foreach (var one in wheel.Files)
                wheel.CopyTo(one, Stream.Null);
            return true;
        });
    }

    [Fact]
    [Trait("needs", "oracle")]
    public void A_RECORD_is_written_as_it_was_read() => Noise.Each(4_000, [.. Directory.GetFiles(DebiansWheels, "*.whl").Select(static path => Contents(path, Path.GetFileName(path).Split('-') is [var project, var version, ..] ? $"{project}-{version}.dist-info/RECORD" : ""))], static bytes =>
    {
        IReadOnlyList<RecordEntry> entries;
        try
        {
            entries = RecordEntry.Read(Encoding.UTF8.GetString(bytes));
        }
        catch (MayflyException e)
        {
            // Whose it is and what to do is told by those who read it.
            Assert.Null(e.Hint);
            return false;
        }

        Assert.Equal(entries, RecordEntry.Read(string.Join('\n', entries)));
        return true;
    });

    [Fact]
    public void Direct_url() => Noise.Each(10_000,
    [
        .. ((string[])[
            """{"archive_info": {"hash": "sha256=abcd", "hashes": {"sha256": "abcd"}}, "subdirectory": "work/a", "url": "https://files.test/a-1.0.tar.gz"}""",
            """{"dir_info": {"editable": true}, "url": "file:///srv/work/a"}""",
            """{"url": "https://host.test/a.git", "vcs_info": {"commit_id": "0123456789abcdef0123456789abcdef01234567", "requested_revision": "main", "vcs": "git"}}"""]).Select(Encoding.UTF8.GetBytes),
    ], static bytes =>
    {
        if (DirectUrl.Read(Encoding.UTF8.GetString(bytes)) is not { } read)
            return false;
        Assert.NotEmpty(read.Requirement());
        Assert.Equal(read.ToString(), DirectUrl.Read(read.ToString())!.ToString());
        return true;
    });

    [Fact]
    public void Configuration_of_pip() => Noise.Each(6_000,
    [
        "[global]\nindex-url = https://joe:secret@one.test/simple\nextra-index-url =\n    https://two.test/a\n    https://three.test/b\ntrusted-host = a.test\n  b.test\nproxy = http://proxy.test:3128\ntimeout = 60\n\n; a comment\n[install]\nno-binary = :all:\npre = yes\nfind-links: /srv/wheels\nconstraint = /srv/limits.txt\n# another\nrequire-hashes = off\nno-index = false\nprefer-binary = 1\ncert = /etc/ssl/own.pem\n"u8.ToArray(),
    ], bytes =>
    {
        File.WriteAllBytes($"{_temporary.Folder}/pip.conf", bytes);
        var configuration = PipConfiguration.Read(new Dictionary<string, string> { ["PIP_CONFIG_FILE"] = $"{_temporary.Folder}/pip.conf", ["XDG_CONFIG_DIRS"] = _temporary.Folder });
        var options = configuration.Options;
        _ = PythonRequirements.Of(options with { Entries = [new RequirementsEntry { File = "", Line = 0, Text = "a" }] }, new PythonSources(), PythonResolutionTests.Target).Sources.Access;
        using var transport = new Transport(new TransferSettings(), options.Access with { Certificates = null, ClientCertificate = null });
        return configuration.Names.Any() && configuration.Constraints.Count >= 0;
    });

    [Fact]
    public void Addresses_and_paths_of_requirements() => Noise.Each(10_000,
    [
        .. ((string[])["a @ https://files.test/a-1.0-py3-none-any.whl#sha256=abcd ; python_version > '3'", "file:///srv/../srv/a-1.0.tar.gz#egg=a[test]&subdirectory=in/it", "https://files.test/a-1.0.zip", "a[x] @ file:///srv/a%20b/a-1.0.zip"]).Select(Encoding.UTF8.GetBytes),
    ], static bytes =>
    {
        foreach (var editable in (bool[])[true, false])
        {
            try
            {
                var entry = new RequirementsEntry { File = "requirements.txt", Line = 1, Text = Encoding.UTF8.GetString(bytes), IsEditable = editable };
                var read = DirectRequirement.TryRead(entry) is { } direct ? direct.Named(direct.Name ?? ProjectName.Parse("a")) : DependencySpecifier.Parse(entry.Text);
                if (read.Address is { } address)
                    Assert.NotEmpty(DirectReference.Read(address).Name);
            }
            catch (MayflyException e) when (editable && e.Hint is not null)
            {
            }
        }

        return true;
    });

    /// <summary>Groups that include each other twice over and over, and very deep.</summary>
    [Fact]
    public void Dependency_groups_stay_within_memory()
    {
        Told("comes to more than 10000 dependencies", string.Concat(Enumerable.Range(0, 60).Select(static number => $"g{number} = [{(number == 0 ? "'a', 'b'" : $"{{include-group = 'g{number - 1}'}}, {{include-group = 'g{number - 1}'}}")}]\n")));
        // Whichever stands first.
        foreach (var order in (Func<IEnumerable<int>, IEnumerable<int>>[])[static numbers => numbers, Enumerable.Reverse, static numbers => numbers.OrderBy(static number => number * 37 % 67)])
        {
            Told("include each other more than 64 deep", Chain(65, order));
            Assert.Equal(65, PythonProject.Read($"[dependency-groups]\n{Chain(64, order)}", "pyproject.toml").Groups.Count);
        }

        Told("include each other more than 64 deep", string.Concat(Enumerable.Range(0, 5_000).Select(static number => $"g{number} = [{{include-group = 'g{number + 1}'}}]\n")) + "g5000 = []\n");

        static string Chain(int length, Func<IEnumerable<int>, IEnumerable<int>> order) => string.Concat(order(Enumerable.Range(0, length + 1)).Select(number => $"g{number} = [{(number == length ? "" : $"{{include-group = 'g{number + 1}'}}")}]\n"));

        static void Told(string what, string groups)
        {
            var failure = Assert.Throws<MayflyException>(() => PythonProject.Read($"[dependency-groups]\n{groups}", "pyproject.toml"));
            Assert.Contains(what, failure.Message, StringComparison.Ordinal);
            Assert.NotEmpty(failure.Hint!);
        }
    }

    [Fact]
    public void Pyproject() => Noise.Each(8_000,
    [
        """
        [build-system]
        requires = ["hatchling>=1.18", "wheel"]
        build-backend = "hatchling.build"
        backend-path = ["."]

        [project]
        name = "shop"
        dynamic = ["version"]
        requires-python = ">=3.9,<3.14"
        license = "MIT OR Apache-2.0"
        dependencies = ["django>=4.2 ; python_version >= '3.9'", "psycopg[binary]~=3.1", "report @ https://files.test/report-1.0.zip"]
        authors = [{name = "A. N. Other", email = "a@x.test"}]
        classifiers = [
            "Programming Language :: Python", # one
        ]

        [project.optional-dependencies]
        test = ["pytest", "hypothesis"]
        docs-more = ["sphinx<8"]

        [dependency-groups]
        lint = ["ruff"]
        dev = [{include-group = "lint"}, "ipython"]

        [tool.other]
        since = 2026-11-26T08:00:00Z
        x.y = [1, 2.5, true, 'text']
        """u8.ToArray(),
    ], static bytes =>
    {
        var project = PythonProject.Read(Encoding.UTF8.GetString(bytes), "pyproject.toml");
        if (project.Name is null)
            return false;
        PythonResolutionTests.Target.Require(project.Requirements("pyproject.toml", [], [.. project.Groups.Keys.Select(static name => name.Text)]));
        return true;
    });

    [Fact]
    public void Netrc_is_read_or_says_nothing() => Noise.Each(10_000,
    [
        "# mine\nmachine one.test login joe password \"a \\\"word\\\" of it\"\nmachine two.test\n  user ann account staff password s3cret\n\nmacdef init\ncd /srv\nls\n\nmachine three.test password alone\ndefault login anonymous password me@x.test\n"u8.ToArray(),
    ], static bytes =>
    {
        Netrc netrc;
        try
        {
            netrc = Netrc.Read(Encoding.UTF8.GetString(bytes));
        }
        catch (FormatException)
        {
            return false;
        }

        foreach (var redirected in (bool[])[false, true])
            _ = netrc.For(new Uri("https://two.test/simple/"), redirected)?.ToString();
        return netrc.For(new Uri("https://one.test/"), redirected: false) is not null;
    });

    /// <summary>What is damaged in the store is noticed: nothing comes out but what was put in.</summary>
    [Fact]
    public void Kept_pages()
    {
        var path = $"{_temporary.Folder}/page";
        var page = new KeptPage(new Uri("https://index.test/simple/a/"), "text/html; charset=utf-8", new Validators("\"5f-1\"", "Thu, 26 Nov 2026 21:00:00 GMT"), "<a href='a-1.0.zip#sha256=00'>a-1.0.zip</a>\n<a href='a-1.1.zip'>a-1.1.zip</a>\n"u8.ToArray());
        page.Write(_temporary.Store, path);
        Noise.Each(6_000, [File.ReadAllBytes(path)], bytes =>
        {
            File.WriteAllBytes(path, bytes);
            if (KeptPage.Read(path) is not { } read)
                return false;
            Assert.Equal((page.Address, page.ContentType, page.Validators.Tag, page.Validators.Modified), (read.Address, read.ContentType, read.Validators.Tag, read.Validators.Modified));
            Assert.Equal(page.Body.ToArray(), read.Body.ToArray());
            return true;
        }, isSealed: true);
    }

    private static byte[] Contents(string wheel, string path)
    {
        using var zip = ZipFile.OpenRead(wheel);
        using var contents = zip.GetEntry(path)!.Open();
        var bytes = new MemoryStream();
        contents.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static void Replace(string wheel, string path, byte[] bytes)
    {
        using var zip = ZipFile.Open(wheel, ZipArchiveMode.Update);
        zip.GetEntry(path)!.Delete();
        using var contents = zip.CreateEntry(path).Open();
        contents.Write(bytes);
    }
}
