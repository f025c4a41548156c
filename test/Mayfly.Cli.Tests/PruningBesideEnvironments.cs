using System.Diagnostics;
using System.Security.Cryptography;
using Mayfly.Environments.Tests;
using Mayfly.Packages;
using Mayfly.Packages.Tests.Debian;

namespace Mayfly.Cli.Tests;

/// <summary><c>mayfly prune</c> while environments are changed: one waits for the other, says for whom, and nothing that somebody is about to place goes.</summary>
[Trait("needs", "oracle")]
public sealed class PruningBesideEnvironments : IDisposable
{
    private readonly Folder _folder = new();
    private readonly FaultyServer _index = new() { ContentType = "application/vnd.pypi.simple.v1+json" };

    public void Dispose()
    {
        _index.Dispose();
        _folder.Dispose();
    }

    private string Wheels => $"{_folder.Path}/wheels";

    private Dictionary<string, string?> Host => Invocation.WheelsAlone(_folder);

    private void Offer(int projects)
    {
        Directory.CreateDirectory(Wheels);
        for (var i = 0; i < projects; i++)
            WheelFile.Write(Wheels, $"part{i}", "1.0", new Dictionary<string, string> { [$"part{i}.py"] = $"'''{new string((char)('a' + i), 20_000)}'''\n" }, requires: i == 0 ? [] : [$"part{i - 1}"]);
    }

    private void Done(params string[] words)
    {
        var said = Invocation.Run(_folder, Host, words);
        Assert.True(said.ExitCode == 0, said.Output + said.Error);
    }

    [Theory]
    [InlineData("env install part1 --env shop")]
    [InlineData("env remove part0 --env shop")]
    [InlineData("env upgrade --env shop")]
    [InlineData("env sync --env shop")]
    [InlineData("env create other part1 --python /usr/bin/python3")]
    [InlineData("env copy shop other")]
    [InlineData("env lock part1 --python /usr/bin/python3 -o other.toml")]
    [InlineData("pip --env ROOT install part1")]
    [InlineData("pip --env ROOT uninstall -y part0")]
    [InlineData("pip --env ROOT download part1")]
    [InlineData("pip --env ROOT --version")]
    public async Task What_takes_something_out_of_a_store_that_is_being_pruned_waits_and_says_for_whom(string line)
    {
        Offer(2);
        Done("env", "create", "shop", "part0", "--python", "/usr/bin/python3");
        Done("env", "lock", "part1", "--python", "/usr/bin/python3");
        var held = Store.Open($"{_folder.Path}/.store").LockExclusive();
        using var begun = Invocation.Begin(_folder, Host, line.Replace("ROOT", $"{_folder.Path}/environments/shop", StringComparison.Ordinal).Split(' '));
        using (held)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            Assert.Matches($"^wait: the store {_folder.Path}/.store is being pruned by process {Environment.ProcessId} since [0-9][0-9]:[0-9][0-9]:[0-9][0-9]$", await begun.StandardError.ReadLineAsync(patience.Token));
            Assert.False(begun.HasExited);
        }

        var ended = Invocation.End(begun, _folder);
        Assert.True(ended.ExitCode == 0, ended.Output + ended.Error);
        Assert.StartsWith("wait: the store FOLDER/.store is free", ended.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("env install part1 --env shop")]
    [InlineData("pip --env ROOT install part1")]
    // pip itself, which runs from the store.
    [InlineData("pip --env ROOT index versions part1")]
    public async Task A_prune_waits_for_what_is_in_the_middle_of_it(string line)
    {
        Offer(2);
        Done("env", "create", "shop", "--python", "/usr/bin/python3");
        foreach (var path in Directory.GetFiles(Wheels))
        {
            var (name, bytes) = (Path.GetFileName(path), File.ReadAllBytes(path));
            _index.Files[$"files/{name}"] = bytes;
            _index.Files[$"simple/{name.Split('-')[0]}/"] = System.Text.Encoding.UTF8.GetBytes($$"""
                {"meta": {"api-version": "1.1"}, "name": "{{name.Split('-')[0]}}", "files": [{"filename": "{{name}}", "url": "../../files/{{name}}", "hashes": {"sha256": "{{Convert.ToHexStringLower(SHA256.HashData(bytes))}}"}, "size": {{bytes.Length}}}]{{new string(' ', 20_000)}}}
                """);
        }

        // Two and a half seconds.
        _index.Misbehave = static (path, _) => path == "simple/part1/" ? new Fault { Step = 400 } : null;
        var host = new Dictionary<string, string?>(Host) { ["PIP_NO_INDEX"] = null, ["PIP_FIND_LINKS"] = null, ["PIP_INDEX_URL"] = $"{_index.Address}simple/", ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1" };
        using var begun = Invocation.Begin(_folder, host, line.Replace("ROOT", $"{_folder.Path}/environments/shop", StringComparison.Ordinal).Split(' '));
        using (var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2)))
        {
            while (_index.Requests.IsEmpty)
                await Task.Delay(10, patience.Token);
        }

        var pruned = Invocation.Run(_folder, Host, "prune");
        Assert.Matches($"^wait: the store FOLDER/.store is in use by process {begun.Id} since [0-9][0-9]:[0-9][0-9]:[0-9][0-9]\nwait: the store FOLDER/.store is free .*\n$", pruned.Error);
        Assert.Equal(0, pruned.ExitCode);
        var ended = Invocation.End(begun, _folder);
        Assert.True(ended.ExitCode == 0, ended.Output + ended.Error);
    }

    [Fact]
    public async Task Prunes_that_race_installs_take_nothing_from_them()
    {
        const int Projects = 12;
        Offer(Projects);
        using var over = new CancellationTokenSource();
        var prunes = Task.Run(() =>
        {
            List<Invocation> done = [];
            while (!over.IsCancellationRequested)
                done.Add(Invocation.Run(_folder, Host, "prune"));
            return done;
        }, CancellationToken.None);
        // The same wheels, so that what the one has taken apart the other still wants.
        string[][] makes = [.. Enumerable.Range(0, 6).Select(static i => (string[])["env", "create", $"made{i}", $"part{Projects - 1 - (i / 3)}", "--python", "/usr/bin/python3", "--link-mode", i % 2 == 0 ? "hardlink" : "copy"])];
        var made = await AtOnceAsync(makes);
        var changed = await AtOnceAsync([.. Enumerable.Range(0, 6).Select(static i => (string[])(i % 2 == 0 ? ["env", "remove", $"part{Projects - 1 - (i / 3)}", "--env", $"made{i}"] : ["env", "install", "--force-reinstall", "part3", "--env", $"made{i}"]))]);
        over.Cancel();
        Assert.All(made.Concat(changed).Concat(await prunes), static said => Assert.True(said.ExitCode == 0, said.Output + said.Error));
        Assert.Contains(await prunes, static said => said.Output.Contains(" downloads from ", StringComparison.Ordinal) && !said.Output.Contains(" 0 downloads from ", StringComparison.Ordinal));
        for (var i = 0; i < makes.Length; i++)
            Assert.EndsWith($" is as it should be: {(i % 2 == 0 ? 0 : Projects - (i / 3))} packages, Python 3.11.2\n", Invocation.Run(_folder, Host, "env", "doctor", "--env", $"made{i}").Output, StringComparison.Ordinal);
    }

    private async Task<Invocation[]> AtOnceAsync(string[][] commands)
    {
        Process[] begun = [.. commands.Select(command => Invocation.Begin(_folder, Host, command))];
        var ended = await Task.WhenAll(begun.Select(process => Task.Run(() => Invocation.End(process, _folder))));
        foreach (var process in begun)
            process.Dispose();
        return ended;
    }
}
