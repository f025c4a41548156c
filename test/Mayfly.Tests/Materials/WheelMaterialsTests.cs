using System.Text;
using System.Text.Json.Nodes;
using Mayfly.Environments.Tests;
using Mayfly.Materials;
using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Debian.Licences;
using Mayfly.Packages.Python.Locking;
using Mayfly.Packages.Tests;
using Mayfly.Verbs;
using static Mayfly.Packages.Tests.Archives.ArchiveBuilder;

namespace Mayfly.Tests.Materials;

/// <summary>What is told of Python packages beside Debian's.</summary>
public sealed class WheelMaterialsTests : IAsyncLifetime
{
    private readonly TemporaryStore _temporary = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mayfly-wheels-");
    private StackLock _lock = null!;

    public async ValueTask InitializeAsync()
    {
        var package = _temporary.Add("base-files", Deb(Tar(Folder("./")), Tar(File("./control", "Package: base-files\nVersion: 1\nArchitecture: amd64\nEssential: yes\n"))));
        await Unpack.AllAsync(_temporary.Store, [package]);
        _lock = new StackLock
        {
            Architecture = "amd64",
            Releases = [new LockedRelease { Id = "test", Origin = "Debian", Label = "Debian", Suite = "stable", Codename = "bookworm", Date = new DateTimeOffset(2026, 11, 1, 8, 0, 0, TimeSpan.Zero), Digest = new string('0', 64), Components = ["main"] }],
            Packages = [package],
            Sets = [new LockedSet { Name = "base", Requests = [], Stages = [new LockedStage([package.Id])] }, new LockedSet { Name = "web", Requests = [], Stages = [] }, new LockedSet { Name = "worker", Requests = [], Stages = [] }],
            Environments =
            [
                Environment("web", "/srv/env", ["django>=4"], Wheel("django", "4.2", "License-Expression: BSD-3-Clause AND (MIT OR Apache-2.0)\nSummary: a framework\n", "sqlparse"), Wheel("sqlparse", "0.4", "Classifier: License :: OSI Approved :: MIT License\n")),
                Environment("worker", "/srv/env", ["django"], Wheel("django", "3.2", "License: as it comes\n")),
            ],
        };
    }

    public ValueTask DisposeAsync()
    {
        _temporary.Dispose();
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("cyclonedx")]
    [InlineData("spdx")]
    public void A_bill_of_materials_has_them(string format)
    {
        var bytes = format == "spdx" ? Spdx.Write(Bill()) : CycloneDx.Write(Bill());
        Assert.Empty(PublishedSchema.Complaints(format, bytes));
        Assert.Equal(bytes, format == "spdx" ? Spdx.Write(Bill()) : CycloneDx.Write(Bill()));
        var text = Encoding.UTF8.GetString(bytes);
        Assert.Contains("pkg:pypi/django@4.2?file_name=django-4.2-py3-none-any.whl", text);
        Assert.Contains("pkg:pypi/django@3.2?file_name=django-3.2-py3-none-any.whl", text);
        if (format == "spdx")
            return;
        var document = JsonNode.Parse(bytes)!;
        var django = document["components"]!.AsArray().Single(static node => node!["name"]!.GetValue<string>() == "django" && node["version"]!.GetValue<string>() == "4.2")!;
        Assert.Equal("BSD-3-Clause AND (MIT OR Apache-2.0)", django["licenses"]![0]!["expression"]!.GetValue<string>());
        Assert.Equal("a framework", django["description"]!.GetValue<string>());
        var needs = document["dependencies"]!.AsArray().Single(node => node!["ref"]!.GetValue<string>() == django["purl"]!.GetValue<string>())!["dependsOn"]!.AsArray();
        Assert.StartsWith("pkg:pypi/sqlparse@0.4", Assert.Single(needs)!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public void Licences_are_judged_by_the_same_policy()
    {
        var policy = new LicencePolicy { Rules = [new LicenceRule(false, "Apache-2.0"), new LicenceRule(false, "MIT")] };
        // Where one may be chosen, one that is denied does no harm unless all are.
        Assert.Equal(["django:python", "sqlparse:python"], policy.Judge(Report()).Refused.Select(static refusal => refusal.Package.Package.Id).Order(StringComparer.Ordinal));
        Assert.Equal("LicenseRef-as-it-comes", Report().Packages.Single(static read => read.Package.Version == "3.2").Licence!.Spdx);
    }

    /// <summary>PEP 639: identifiers in whatever case, SPDX's own precedence, texts in the folder licenses; one that is none is told, and what it names counts all the same.</summary>
    [Fact]
    public void Licence_expressions_are_those_of_SPDX()
    {
        var environment = Environment("web", "/srv/env", [],
            Wheel("choice", "1", "License-Expression: x11 or GPL-2.0+ and isc\n"),
            Wheel("own", "1", "License-Expression: licenseref-Ours\nLicense-File: sub/OURS\nLicense-File: ../own-1.dist-info/METADATA\nLicense-File: ../../../../../../../../etc/passwd\n", ("own-1.dist-info/licenses/sub/OURS", "do as you like")),
            Wheel("wrong", "1", "License-Expression: GPL-3.0-only AND Nothing-1\n"));
        var (choice, own, wrong) = WheelLicences.Read(_temporary.Store, (_lock with { Environments = [environment] }).Wheels()) is [var one, var two, var three] ? (one, two, three) : default;
        Assert.Equal("X11 OR (GPL-2.0-or-later AND ISC)", choice.Licence!.Spdx);
        Assert.Equal(("LicenseRef-Ours", "do as you like"), (own.Licence!.Spdx, own.Texts["LicenseRef-Ours"]));
        Assert.True(choice.IsRead && own.IsRead);
        Assert.Equal("says the licence expression 'GPL-3.0-only AND Nothing-1', which is none: SPDX knows no licence 'Nothing-1'", Assert.Single(wrong.Unread));

        Assert.Equal([], Refused(new LicenceRule(false, "GPL-2.0-or-later")));
        Assert.Equal(["choice: X11 (x11)"], Refused(new LicenceRule(false, "X11"), new LicenceRule(false, "GPL-2.0-or-later")));
        Assert.Equal(["wrong: GPL-3.0-only"], Refused(new LicenceRule(false, "GPL-3.0-only")));
        Assert.Contains("wrong: its licence cannot be read", Refused(new LicenceRule(true, "GPL-3.0-only"), new LicenceRule(true, "LicenseRef-Nothing-1"), new LicenceRule(true, "X11"), new LicenceRule(true, "LicenseRef-Ours")));

        string[] Refused(params LicenceRule[] rules) => [.. new LicencePolicy { Rules = rules }.Judge(new LicenceReport([choice, own, wrong])).Refused.Select(static refusal => $"{refusal.Package.Package.Name}: {refusal.Licence}")];
    }

    [Fact]
    public void They_are_listed_and_explained()
    {
        Assert.Equal(["base-files:amd64", "django:python", "django:python", "sqlparse:python"], ListVerb.Rows(_lock, null).Select(static row => row.Id).Order(StringComparer.Ordinal));
        Assert.Equal(["django 4.2 links", "sqlparse 0.4 links"], ListVerb.Rows(_lock, "web").Select(static row => $"{row.Name} {row.Version} {row.Release}"));
        var chain = Assert.Single(WhyVerb.Chains(_lock, new Dictionary<string, PackageRelations>(), "sqlparse"));
        Assert.Equal(["django:python 4.2: web asks for django>=4 in /srv/env", "sqlparse:python 0.4: needs it"], chain.Links.Select(static link => $"{link.Package} {link.Version}: {link.Why}"));
        Assert.Equal(["web", "worker"], WhyVerb.Chains(_lock, new Dictionary<string, PackageRelations>(), "django:python").Select(static one => one.Set));
    }

    [Fact]
    public void What_changes_is_told_for_each_environment()
    {
        var after = _lock with { Environments = [Environment("web", "/srv/env", ["django"], Wheel("django", "4.10", "")), _lock.Environments[1]] };
        Assert.Equal([("django:python", LockChangeKind.Upgraded), ("sqlparse:python", LockChangeKind.Removed)], LockChange.Between(_lock, after).Select(static change => (change.Id, change.Kind)));
    }

    private LicenceReport Report() => new([.. LicenceReport.Read(_temporary.Store, _lock).Packages, .. WheelLicences.Read(_temporary.Store, _lock.Wheels())]);

    private BillOfMaterials Bill() => BillOfMaterials.Of("shop", ["web", "worker"], null, _lock, Report(), _temporary.Store);

    private LockedWheel Wheel(string project, string version, string metadata, params string[] needs) => Wheel(project, version, metadata, ($"{project}.py", ""), needs);

    private LockedWheel Wheel(string project, string version, string metadata, (string Path, string Text) file, params string[] needs)
    {
        var path = WheelFile.Write(_folder.FullName, project, version, new Dictionary<string, byte[]> { [file.Path] = Encoding.UTF8.GetBytes(file.Text) }, metadata);
        var (name, sha256) = WheelFile.Keep(_temporary.Store, path);
        return new LockedWheel { File = name, Sha256 = sha256, Size = new FileInfo(path).Length, Index = "links", Needs = needs };
    }

    private static LockedEnvironment Environment(string set, string into, string[] requests, params LockedWheel[] wheels) =>
        new() { Set = set, Into = into, Requests = requests, Answers = new string('a', 64), Interpreter = "cpython 3.11.2, glibc 2.36, x86_64", Wheels = wheels };
}
