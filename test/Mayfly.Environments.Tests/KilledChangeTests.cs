using System.Buffers.Text;
using System.Diagnostics;
using System.Security.Cryptography;
using Mayfly.Linux;
using Mayfly.Packages;
using Mayfly.Packages.Python;

namespace Mayfly.Environments.Tests;

/// <summary>
/// Commands that change an environment are killed at moments that a seed decides; whatever the moment, the environment is the old one or the new one, and the
/// next command finds nothing in its way. <c>MAYFLY_CHANGE_POINTS</c> and <c>MAYFLY_CHANGE_SEED</c> make it longer or another one.
/// </summary>
[Trait("needs", "oracle")]
public sealed class KilledChangeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mayfly-env-").FullName;

    public void Dispose() => Trees.Remove(_folder);

    [Theory, InlineData(false, LinkMode.Copy), InlineData(true, LinkMode.Copy), InlineData(false, LinkMode.Hardlink)]
    public void What_is_killed_leaves_the_old_environment_or_the_new_one(bool compiles, LinkMode links)
    {
        var (points, seed) = (Given("MAYFLY_CHANGE_POINTS", compiles || links == LinkMode.Hardlink ? 10 : 40), Given("MAYFLY_CHANGE_SEED", 20261126));
        var random = new Random(seed);
        var environment = VirtualEnvironment.Create($"{_folder}/env", Interpreter.Ask("/usr/bin/python3"));
        var wheels = new Dictionary<string, string>();
        foreach (var version in (string[])["1.0", "2.0"])
        {
            var files = Enumerable.Range(0, 400).ToDictionary(number => $"part/m{version[0]}_{number}.py", static number => $"# {new string('x', number * 20)}\n");
            wheels[version] = WheelFile.Write(_folder, "part", version, new Dictionary<string, string>(files) { ["part/__init__.py"] = $"v = '{version}'\n" });
        }

        Installed("2.0", "store", null);
        var (killed, typical) = (0, Installed("1.0", "store", null));
        for (var point = 0; point < points; point++)
        {
            var version = point % 2 == 0 ? "2.0" : "1.0";
            // Each time anew, so that the wheel is being unpacked at many of the moments.
            const string store = "store";
            Trees.Remove($"{_folder}/{store}/wheels");
            killed += Installed(version, store, random.NextDouble() * 1.1 * typical) < 0 ? 1 : 0;
            var now = Whole(environment, compiles, seed, point);
            // What there is to go back to is whole too.
            if (environment.CanRollBack)
            {
                environment.RollBack();
                Whole(environment, compiles, seed, point);
                environment.RollBack();
                Assert.Equal(now, Whole(environment, compiles, seed, point));
            }

            foreach (var left in Directory.GetFiles($"{_folder}/{store}/wheels"))
                Assert.True(IsWhole(Store.Open($"{_folder}/{store}"), left), $"seed {seed}, point {point}: the store has half a wheel");
            foreach (var left in Directory.GetFiles($"{_folder}/{store}/files", "*", SearchOption.AllDirectories))
                Assert.True(Path.GetRelativePath($"{_folder}/{store}/files", left).Replace("/", "", StringComparison.Ordinal) == Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(left))), $"seed {seed}, point {point}: the store has half a file");
        }

        Assert.True(killed > points / 3, $"seed {seed}: only {killed} of {points} were killed");
        Assert.True(Installed("2.0", "store", null) > 0 && environment.CanRollBack);
        Assert.Equal("2.0", Whole(environment, compiles, seed, points));
        Assert.DoesNotContain(Directory.GetDirectories(_folder), static path => path.Contains(".new-", StringComparison.Ordinal));

        // The time it took, or -1 when it was killed before its end.
        double Installed(string version, string store, double? after)
        {
            var (name, sha256) = WheelFile.Keep(Store.Open($"{_folder}/{store}"), wheels[version]);
            using var process = ChangeChild.Start($"{_folder}/{store}", environment.Root, name, sha256, new Placement { Compiles = compiles, Links = links });
            process.StandardOutput.ReadLine();
            var began = Stopwatch.GetTimestamp();
            if (after is { } wait && !process.WaitForExit(TimeSpan.FromMilliseconds(wait)))
            {
                process.Kill();
                process.WaitForExit();
                return -1;
            }

            process.WaitForExit();
            Assert.True(process.ExitCode == 0, process.StandardError.ReadToEnd());
            return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }
    }

    [Fact]
    public void Two_processes_that_take_one_wheel_apart_both_have_it()
    {
        var path = WheelFile.Write(_folder, "part", "1.0", Enumerable.Range(0, 1000).ToDictionary(static number => $"part/m{number}.py", static number => $"# {new string('x', number * 5)}\n"));
        var (name, sha256) = WheelFile.Keep(Store.Open($"{_folder}/store"), path);
        VirtualEnvironment[] environments = [.. ((string[])["one", "two"]).Select(place => VirtualEnvironment.Create($"{_folder}/{place}", Interpreter.Ask("/usr/bin/python3")))];
        Process[] processes = [.. environments.Select(environment => ChangeChild.Start($"{_folder}/store", environment.Root, name, sha256))];
        foreach (var (process, environment) in processes.Zip(environments))
        {
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, process.StandardError.ReadToEnd());
            Assert.DoesNotContain(EnvironmentCheck.Of(environment), static fault => fault.Contains("part", StringComparison.Ordinal));
            Assert.Equal(1000, Directory.GetFiles($"{environment.PackagesFolder}/part").Length);
            process.Dispose();
        }

        Assert.True(IsWhole(Store.Open($"{_folder}/store"), Assert.Single(Directory.GetFiles($"{_folder}/store/wheels"))));
        Assert.Empty(Directory.GetFileSystemEntries($"{_folder}/store/tmp"));
    }

    /// <summary>A wheel of the store, which must be the one that was found there and none that is made anew.</summary>
    private bool IsWhole(Store store, string path)
    {
        var (found, sha256) = (Nodes.Read(path).Inode, Path.GetFileName(path));
        var wheel = UnpackedWheel.All(store, [.. Directory.GetFiles(_folder, "*.whl").Where(wheel => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(wheel))) == sha256).Select(wheel => (Path.GetFileName(wheel), sha256))]).Single();
        using var reader = wheel.Open();
        return Nodes.Read(path).Inode == found && wheel.Files.All(file => file.Path.EndsWith("/RECORD", StringComparison.Ordinal) || file.Hash == $"sha256={Base64Url.EncodeToString(SHA256.HashData(reader.Read(file)))}");
    }

    /// <summary>The version that is there, every file of it as its record says and nothing of another one.</summary>
    private static string Whole(VirtualEnvironment environment, bool compiled, int seed, int point)
    {
        var there = Assert.Single(environment.Installed());
        var packages = $"{environment.Root}/{environment.Interpreter.SitePackages}";
        foreach (var entry in RecordEntry.Read(File.ReadAllText($"{packages}/{there.Information}/RECORD")).Where(static entry => entry.Hash is not null))
            Assert.True(entry.Hash == $"sha256={Base64Url.EncodeToString(SHA256.HashData(File.ReadAllBytes($"{packages}/{entry.Path}")))}", $"seed {seed}, point {point}: {entry.Path} is not what its record says");
        Assert.True(Directory.GetFiles($"{packages}/part").Length == 401, $"seed {seed}, point {point}: files of two versions");
        if (compiled)
            Assert.True(Directory.GetFiles($"{packages}/part/__pycache__").Length == 401, $"seed {seed}, point {point}: not all byte code, or that of two versions");
        return there.Version.ToString();
    }

    private static int Given(string variable, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(variable), out var value) ? value : otherwise;
}
