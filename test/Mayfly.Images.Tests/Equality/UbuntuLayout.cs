using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mayfly.Packages;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Tests.Debian;

namespace Mayfly.Images.Tests.Equality;

/// <summary>
/// Debian's packages in an archive as Ubuntu lays one out, for machines that cannot have Ubuntu's: one root for all suites, which bear one codename; components main
/// and universe; an index whose priorities and sections are not the packages' own; updates that are phased, some of them in -security too; packages
/// compressed with zstd; and a key of its own.
/// </summary>
internal static class UbuntuLayout
{
    private const int Seed = 20261126;

    private static readonly string[] Suites = ["noble", "noble-updates", "noble-security"], Components = ["main", "universe"];

    /// <param name="root">The archive's folder, which is made.</param>
    /// <param name="store">Has the packages.</param>
    /// <param name="packages">Those of Debian.</param>
    /// <param name="date">Of its Release files.</param>
    /// <returns>The file of the key that signs it.</returns>
    public static string Make(string root, Store store, IReadOnlyList<LockedPackage> packages, DateTimeOffset date)
    {
        var lists = Suites.SelectMany(static _ => Components, static (suite, component) => (suite, component)).ToDictionary(static list => list, static _ => new StringBuilder());
        var random = new Random(Seed);
        foreach (var package in packages.OrderBy(static package => package.Id, StringComparer.Ordinal))
        {
            var deb = $"{root}/pool/{package.Name}_{package.Architecture}.deb";
            Directory.CreateDirectory(Path.GetDirectoryName(deb)!);
            var artifact = store.PathOf(StoreArea.Artifacts, package.Sha256);
            if (package.Size < 30_000)
                Recompress(artifact, deb, date);
            else
                ReferenceImage.Run("ln", artifact, deb);
            var fields = Fields(deb);
            // apt stays: without it one could not try whether the image works.
            if (Find("Essential") is null && package.Name != "apt" && random.Next(3) == 0)
                Set("Priority", Find("Priority") == "required" ? "optional" : "required");
            var component = random.Next(3) == 0 ? "universe" : "main";
            if (component == "universe")
                Set("Section", $"universe/{Find("Section")}");
            Set("Filename", deb[(root.Length + 1)..]);
            Set("Size", new FileInfo(deb).Length.ToString(CultureInfo.InvariantCulture));
            Set("SHA256", Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(deb))));
            if (random.Next(5) > 0)
            {
                Write("noble");
                continue;
            }

            // The release has an older version, whose file nobody will ask for.
            var version = Find("Version")!;
            Set("Version", "0~");
            Write("noble");
            Set("Version", version);
            if (random.Next(2) == 0)
                Write("noble-security");
            Set("Phased-Update-Percentage", "10");
            Write("noble-updates");

            string? Find(string name) => fields.FirstOrDefault(field => field.Name == name).Value;

            void Set(string name, string value)
            {
                fields.RemoveAll(field => field.Name == name);
                fields.Add((name, value));
            }

            void Write(string suite) => lists[(suite, component)].AppendJoin("", fields.Select(static field => $"{field.Name}: {field.Value}\n")).Append('\n');
        }

        var key = new SigningKey();
        File.WriteAllBytes($"{root}/key.asc", key.Public.ToArray());
        foreach (var suite in Suites)
            Publish($"{root}/dists/{suite}", suite, key, date, component => lists[(suite, component)].ToString());
        return $"{root}/key.asc";
    }

    private static void Publish(string folder, string suite, SigningKey key, DateTimeOffset date, Func<string, string> list)
    {
        var sums = new StringBuilder();
        foreach (var component in Components)
        {
            var path = $"{folder}/{component}/binary-{HostArchitecture.Name}";
            Directory.CreateDirectory(path);
            File.WriteAllText($"{path}/Packages", list(component));
            ReferenceImage.Run("xz", "-1", "--keep", $"{path}/Packages");
            foreach (var ending in (ReadOnlySpan<string>)["", ".xz"])
            {
                var bytes = File.ReadAllBytes($"{path}/Packages{ending}");
                sums.Append(CultureInfo.InvariantCulture, $" {Convert.ToHexStringLower(SHA256.HashData(bytes))} {bytes.Length} {component}/binary-{HostArchitecture.Name}/Packages{ending}\n");
            }
        }

        File.WriteAllText($"{folder}/InRelease", key.Sign(string.Create(CultureInfo.InvariantCulture,
            $"Origin: Ubuntu\nLabel: Ubuntu\nSuite: {suite}\nCodename: noble\nDate: {date.ToUniversalTime():ddd, dd MMM yyyy HH:mm:ss} UTC\nArchitectures: {HostArchitecture.Name}\nComponents: {string.Join(' ', Components)}\nSHA256:\n{sums}")));
    }

    private static List<(string Name, string Value)> Fields(string deb)
    {
        var fields = new List<(string, string)>();
        var reader = new ControlFields(Encoding.UTF8.GetBytes(ReferenceImage.Run("dpkg-deb", "--field", deb)));
        while (reader.MoveNext())
            fields.Add((Encoding.UTF8.GetString(reader.Name), Encoding.UTF8.GetString(reader.Value)));
        return fields;
    }

    /// <summary>The same package, its members compressed as Ubuntu does.</summary>
    private static void Recompress(string artifact, string deb, DateTimeOffset date)
    {
        var folder = Directory.CreateTempSubdirectory("mayfly-repacked-").FullName;
        try
        {
            ReferenceImage.Run("dpkg-deb", "--raw-extract", artifact, $"{folder}/tree");
            ReferenceImage.Run("env", $"SOURCE_DATE_EPOCH={date.ToUnixTimeSeconds()}", "dpkg-deb", "-Zzstd", "--build", $"{folder}/tree", deb);
        }
        finally
        {
            ReferenceImage.Run("rm", "-rf", folder);
        }
    }
}
