using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Mayfly.Environments.Tests;
using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Tests.Debian;

namespace Mayfly.EndToEnd.Tests;

/// <summary>A server on loopback as an index of wheels (PEP 691), and the only one that pip's configuration names.</summary>
internal static class Offers
{
    public static Dictionary<string, string> OnlyIndex(this FaultyServer index) => new() { ["PIP_INDEX_URL"] = $"{index.Address}simple/", ["PIP_FIND_LINKS"] = "", ["PIP_CONFIG_FILE"] = "/dev/null" };

    /// <summary>Puts a project's page and files into the index.</summary>
    /// <param name="index">The server.</param>
    /// <param name="project">The project.</param>
    /// <param name="wheels">All that there are of it.</param>
    /// <param name="metadata">Whether their metadata lie beside them (PEP 658), so that a lock needs no wheel; without them and their sizes it does.</param>
    /// <param name="says">What the metadata beside them say besides.</param>
    public static void Offer(this FaultyServer index, string project, IReadOnlyList<string> wheels, bool metadata = true, string says = "")
    {
        var files = new JsonArray();
        foreach (var wheel in wheels)
        {
            var (name, bytes, said) = (Path.GetFileName(wheel), File.ReadAllBytes(wheel), (byte[])[.. Metadata(wheel), .. Encoding.UTF8.GetBytes(says)]);
            (index.Files[$"files/{name}"], index.Files[$"files/{name}.metadata"]) = (bytes, said);
            files.Add(new JsonObject
            {
                ["filename"] = name,
                ["url"] = $"../../files/{name}",
                ["size"] = metadata ? bytes.Length : null,
                ["hashes"] = new JsonObject { ["sha256"] = Digest(bytes) },
                ["core-metadata"] = metadata ? new JsonObject { ["sha256"] = Digest(said) } : false,
            });
        }

        var page = new JsonObject { ["meta"] = new JsonObject { ["api-version"] = "1.1" }, ["name"] = project, ["files"] = files };
        index.Files[$"simple/{project}/"] = Encoding.UTF8.GetBytes(page.ToJsonString());
    }

    /// <summary>Offers wheels of what the archive's newest packages have.</summary>
    /// <param name="index">The server.</param>
    /// <param name="wheels">Gets them.</param>
    /// <param name="projects">Debian's package, the project and its module, and what it needs and does not say.</param>
    public static async Task OfferPackagesAsync(this FaultyServer index, DirectoryInfo wheels, params (string Package, string Project, string Module, string[] Requires)[] projects)
    {
        var store = Store.Open();
        using var held = store.LockShared();
        var sources = DebianSources.Discover("bookworm", HostArchitecture.Name);
        var locked = DebianLock.Create(await IndexFetch.ReadAsync(store, sources), [new SetRequest("wheels", [.. projects.Select(static one => one.Package)])]);
        var packages = projects.Select(project => locked.Packages.Single(one => one.Name == project.Package)).ToArray();
        await Fetch.AllAsync(store, sources, packages);
        foreach (var (project, package) in projects.Zip(packages))
        {
            var tree = wheels.CreateSubdirectory(project.Package).FullName;
            (await Tool.RunAsync("dpkg-deb", "--extract", store.PathOf(StoreArea.Artifacts, package.Sha256), tree)).Succeeded();
            index.Offer(project.Project.ToLowerInvariant(), [DebianWheel.Write(wheels.FullName, tree, project.Project, project.Module, project.Requires)]);
        }
    }

    public static string Digest(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static byte[] Metadata(string wheel)
    {
        using var zip = ZipFile.OpenRead(wheel);
        using var metadata = zip.Entries.Single(static entry => entry.FullName.EndsWith(".dist-info/METADATA", StringComparison.Ordinal)).Open();
        using var bytes = new MemoryStream();
        metadata.CopyTo(bytes);
        return bytes.ToArray();
    }
}
