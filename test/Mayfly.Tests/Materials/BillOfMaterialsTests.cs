using System.Text;
using System.Text.Json.Nodes;
using Mayfly.Materials;
using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Debian.Licences;
using Mayfly.Packages.Tests;
using static Mayfly.Packages.Tests.Archives.ArchiveBuilder;

namespace Mayfly.Tests.Materials;

/// <summary>Bills of a small lock whose packages have everything that is awkward to write down.</summary>
public sealed class BillOfMaterialsTests : IAsyncLifetime
{
    private readonly TemporaryStore _temporary = new();
    private StackLock _lock = null!;

    public async ValueTask InitializeAsync()
    {
        LockedPackage[] packages =
        [
            Package("base-files", "12.4+deb12u5", "Essential: yes\nPriority: required\nMaintainer: Santiago Vila <sanvila@debian.org>\n", "Format: x\n\nFiles: *\nLicense: GPL-2+ and BSD\n\nLicense: BSD\n One text.\n"),
            Package("libstdc++6", "12.2.0-14", "Source: gcc-12 (12.2.0-14)\nMaintainer: Debian GCC Maintainers <debian-gcc@lists.debian.org>\nHomepage: http://gcc.gnu.org/ü\n", "Format: x\n\nFiles: *\nLicense: GPL-3+ with GCC-Runtime-3.1 exception or BSD\n\nLicense: BSD\n Another \"text\".\n"),
            Package("server", "1:2.0~rc1-1", "Depends: libstdc++6 (>= 12), mail-agent | exim\nMaintainer: nobody\nDescription: serves <things>\n and more\n", "It is free. See /usr/share/common-licenses/GPL-3.\n"),
            Package("postfix", "3", "Provides: mail-agent\nDepends: libstdc++6 (>= 99)\n", null),
            Package("crun", "1", "", null),
        ];
        await Unpack.AllAsync(_temporary.Store, packages);
        _lock = new StackLock
        {
            Architecture = "amd64",
            Releases =
            [
                new LockedRelease { Id = "test", Origin = "Debian", Label = "Debian", Suite = "stable", Codename = "bookworm", Date = new DateTimeOffset(2026, 11, 1, 8, 0, 0, TimeSpan.Zero), Digest = new string('0', 64), Components = ["main"] },
                new LockedRelease { Id = "security", Origin = "Debian", Label = "Debian-Security", Suite = "stable-security", Codename = "bookworm-security", Date = new DateTimeOffset(2026, 11, 20, 10, 30, 1, TimeSpan.FromHours(2)), Digest = new string('1', 64), Components = ["main"] },
            ],
            Packages = packages,
            Sets = [Set("base", [], packages[0]), Set("tools", ["crun"], packages[4]), Set("web", ["server"], packages[1], packages[2], packages[3]), Set("cache", ["mail-agent"], packages[1], packages[3])],
        };
    }

    public ValueTask DisposeAsync()
    {
        _temporary.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("cyclonedx")]
    [InlineData("spdx")]
    public void The_published_schema_accepts_it(string format) => Assert.Empty(PublishedSchema.Complaints(format, Bytes(format)));

    [Theory]
    [InlineData("cyclonedx", "components", "type", "\"gadget\"")]
    [InlineData("cyclonedx", "components", "hashes", "[{\"alg\":\"SHA-256\",\"content\":\"12\"}]")]
    [InlineData("cyclonedx", "components", "licenses", "[{\"license\":{\"id\":\"GPL-2+\"}}]")]
    [InlineData("cyclonedx", "components", "surprise", "1")]
    [InlineData("spdx", "packages", "primaryPackagePurpose", "\"GADGET\"")]
    [InlineData("spdx", "packages", "checksums", "[{\"algorithm\":\"SHA257\",\"checksumValue\":\"12\"}]")]
    [InlineData("spdx", "packages", "downloadLocation", "null")]
    public void The_published_schema_refuses_what_is_wrong(string format, string list, string field, string value)
    {
        var document = JsonNode.Parse(Bytes(format))!;
        document[list]![0]![field] = JsonNode.Parse(value);
        Assert.NotEmpty(PublishedSchema.Complaints(format, Encoding.UTF8.GetBytes(document.ToJsonString())));
    }

    [Theory]
    [InlineData("cyclonedx")]
    [InlineData("spdx")]
    public void The_same_lock_gives_the_same_bytes_and_another_one_another_number(string format)
    {
        var first = Bytes(format);
        Assert.Equal(first, Bytes(format));
        // Ids are appended at the first build, and change nothing of what is in an image.
        Assert.Equal(first, Bytes(format, _lock with { Ids = [new LockedId("www-data", LockedIdKind.User, 33)] }));
        var other = _lock with { Releases = [.. _lock.Releases.Select(static release => release with { Digest = new string('2', 64) })] };
        Assert.NotEqual(Number(first), Number(Bytes(format, other)));
        Assert.Contains("2026-11-20T08:30:01Z", Encoding.UTF8.GetString(first));

        string Number(byte[] bytes) => JsonNode.Parse(bytes)![format == "spdx" ? "documentNamespace" : "serialNumber"]!.GetValue<string>();
    }

    [Fact]
    public void Packages_are_named_as_others_name_them()
    {
        var urls = Bill().Packages.Select(static package => package.Url);
        Assert.Equal(
            ["pkg:deb/debian/base-files@12.4%2Bdeb12u5?arch=amd64&distro=debian-12", "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14?arch=amd64&distro=debian-12", "pkg:deb/debian/server@1:2.0~rc1-1?arch=amd64&distro=debian-12", "pkg:deb/debian/postfix@3?arch=amd64&distro=debian-12"],
            urls);
    }

    [Fact]
    public void The_base_asks_for_what_the_archive_counts_as_required_whatever_a_package_says_of_itself()
    {
        // base-files is essential; libstdc++6 has no priority of its own and server's is optional, but the archive has one of them as required.
        var stages = new[] { _lock.Packages[0], _lock.Packages[1], _lock.Packages[2] }.Select(static package => new LockedStage([package.Id]));
        var stackLock = _lock with { Sets = [_lock.Sets[0] with { Stages = [.. stages], Automatic = [_lock.Packages[1].Id] }, .. _lock.Sets.Skip(1)] };
        Assert.Equal([_lock.Packages[0].Id, _lock.Packages[2].Id], Bill(stackLock: stackLock).Images[0].Asked);
    }

    [Fact]
    public void Every_package_is_reached_from_the_stack_and_depends_on_what_is_there()
    {
        var document = JsonNode.Parse(CycloneDx.Write(Bill()))!;
        var graph = document["dependencies"]!.AsArray().ToDictionary(static node => node!["ref"]!.GetValue<string>(), static node => node!["dependsOn"]!.AsArray().Select(static other => other!.GetValue<string>()).ToList());
        var reached = new HashSet<string>();
        Reach("stack:shop");
        string[] components = [.. document["components"]!.AsArray().Select(static node => node!["bom-ref"]!.GetValue<string>())];
        Assert.Equal(components.Append("stack:shop").Order(StringComparer.Ordinal), reached.Order(StringComparer.Ordinal));
        Assert.Equal(components.Length, components.Distinct().Count());
        Assert.DoesNotContain(components, static component => component.Contains("crun", StringComparison.Ordinal));
        // postfix wants a newer one than there is, and an alternative is met by what provides it.
        Assert.Empty(graph.Single(static pair => pair.Key.Contains("/postfix@", StringComparison.Ordinal)).Value);
        Assert.Equal(["libstdc%2B%2B6", "postfix"], graph.Single(static pair => pair.Key.Contains("/server@", StringComparison.Ordinal)).Value.Select(static url => url.Split('/')[2].Split('@')[0]));

        void Reach(string from)
        {
            if (!reached.Add(from))
                return;
            graph[from].ForEach(Reach);
        }
    }

    [Fact]
    public void Licences_are_declared_where_they_were_read_and_nothing_is_claimed_elsewhere()
    {
        var cyclone = JsonNode.Parse(CycloneDx.Write(Bill()))!["components"]!.AsArray();
        Assert.Equal("GPL-2.0-or-later AND LicenseRef-BSD", Named(cyclone, "base-files")["licenses"]![0]!["expression"]!.GetValue<string>());
        Assert.Null(Named(cyclone, "server")["licenses"]);
        Assert.Equal("[{\"name\":\"mayfly:image\",\"value\":\"web\"},{\"name\":\"mayfly:licence:unread\",\"value\":\"is free-form text, not machine-readable\"},{\"name\":\"mayfly:licence:refers-to\",\"value\":\"GPL-3\"}]", Named(cyclone, "server")["properties"]!.ToJsonString());

        var spdx = JsonNode.Parse(Mayfly.Materials.Spdx.Write(Bill()))!;
        Assert.Equal("NOASSERTION", Named(spdx["packages"]!.AsArray(), "server")["licenseDeclared"]!.GetValue<string>());
        // Two packages call two texts BSD: the document tells them apart, and holds both.
        var texts = spdx["hasExtractedLicensingInfos"]!.AsArray().ToDictionary(static node => node!["licenseId"]!.GetValue<string>(), static node => node!["extractedText"]!.GetValue<string>());
        Assert.Equal(["Another \"text\".", "One text."], texts.Values.Order(StringComparer.Ordinal));
        Assert.Equal("One text.", texts[Named(spdx["packages"]!.AsArray(), "base-files")["licenseDeclared"]!.GetValue<string>().Split(' ')[2]]);
    }

    [Fact]
    public void One_component_comes_with_the_base_and_nothing_else()
    {
        Assert.Equal(["base-files", "libstdc++6", "postfix"], Bill("cache").Packages.Select(static package => package.Package.Name));
        Assert.Equal(["crun"], Bill("tools").Packages.Select(static package => package.Package.Name));
        Assert.Equal(["base-files"], Bill("plain").Packages.Select(static package => package.Package.Name));
        Assert.Contains("its sets are base, tools, web, cache", Assert.Throws<MayflyException>(() => Bill("nothing")).Hint);
    }

    private BillOfMaterials Bill(string? only = null, StackLock? stackLock = null) =>
        BillOfMaterials.Of("shop", ["web", "cache", "plain"], only, stackLock ?? _lock, LicenceReport.Read(_temporary.Store, stackLock ?? _lock), _temporary.Store);

    private byte[] Bytes(string format, StackLock? stackLock = null) => format == "spdx" ? Mayfly.Materials.Spdx.Write(Bill(null, stackLock)) : CycloneDx.Write(Bill(null, stackLock));

    private static JsonNode Named(JsonArray nodes, string name) => nodes.Single(node => node!["name"]!.GetValue<string>() == name)!;

    private LockedPackage Package(string name, string version, string fields, string? copyright) => _temporary.Add(name, Deb(
        copyright is null ? Tar(Folder("./")) : Tar(File($"./usr/share/doc/{name}/copyright", copyright)),
        Tar(File("./control", $"Package: {name}\nVersion: {version}\nArchitecture: amd64\n{fields}")))) with
    { Version = version };

    private static LockedSet Set(string name, string[] requests, params LockedPackage[] packages) =>
        new() { Name = name, Requests = requests, Stages = [new LockedStage([.. packages.Select(static package => package.Id)])] };
}
