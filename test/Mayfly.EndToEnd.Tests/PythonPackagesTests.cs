using System.Diagnostics;
using Mayfly.Environments.Tests;
using Mayfly.Packages.Tests.Debian;

namespace Mayfly.EndToEnd.Tests;

/// <summary>A stack whose images have environments of Python packages, from an index on loopback: locked, fetched, built, live below Apache and by the environment's own python, and changed.</summary>
[Collection(OnThisHost.Name)]
[Trait("needs", "root")]
[Trait("needs", "oracle")]
public sealed class PythonPackagesTests : IDisposable
{
    private readonly Workspace _workspace = new();
    private readonly FaultyServer _index = new() { ContentType = "application/vnd.pypi.simple.v1+json" };
    private readonly DirectoryInfo _wheels = Directory.CreateTempSubdirectory("mayfly-wheels-");

    private string Folder => _workspace.FolderOf("greeter");

    private string Requirements
    {
        set => File.WriteAllText($"{Folder}/requirements.txt", value);
    }

    public void Dispose()
    {
        _index.Dispose();
        _workspace.Dispose();
        _wheels.Delete(recursive: true);
    }

    [Fact]
    public async Task What_it_imports_comes_out_of_its_environment_and_changes_with_the_lock()
    {
        _workspace.Copy(Path.Combine(Tool.Repository, "examples"), "");
        _workspace.Copy(Path.Combine(Tool.Repository, "test/Mayfly.EndToEnd.Tests/stacks/greeter"), "greeter");
        var real = Directory.GetFiles("/usr/share/python-wheels", "wheel-*.whl").Single();
        var first = Greeting("1.0");
        _index.Offer("wheel", [real]);
        _index.Offer("greeting", [first]);
        try
        {
            (await MayflyAsync("lock")).Succeeded();
            Assert.Equal(2, File.ReadAllText($"{Folder}/stack.lock").Split('\n').Count(static line => line.Contains("greeting-1.0-py3-none-any.whl", StringComparison.Ordinal)));

            // Before every wheel is there and is what the lock says, nothing is built.
            var whole = _index.Files[$"files/{Path.GetFileName(first)}"];
            _index.Files[$"files/{Path.GetFileName(first)}"] = [.. whole.Reverse()];
            Unbuilt((await MayflyAsync("up")).Refused("greeting-1.0-py3-none-any.whl", Offers.Digest(whole)));
            _index.Files.TryRemove($"files/{Path.GetFileName(first)}", out _);
            Unbuilt((await MayflyAsync("up")).Refused("greeting-1.0-py3-none-any.whl"));
            Unbuilt((await MayflyAsync("up", "--offline")).Refused("greeting-1.0-py3-none-any.whl"));
            _index.Files[$"files/{Path.GetFileName(first)}"] = whole;

            // Nor where a wheel says something else of itself than the index did when it was chosen.
            _index.Offer("liar", [WheelFile.Write(_wheels.FullName, "liar", "1.0", new Dictionary<string, byte[]>(), "")], says: "Requires-Dist: wheel\n");
            Requirements = "greeting\nliar\n";
            Unbuilt((await MayflyAsync("up")).Refused("the metadata in liar 1.0 are others than those that its index gave for it"));
            Requirements = "greeting\n";

            (await MayflyAsync("up")).Succeeded();
            Assert.Equal("hello 1.0 of wheel 0.38.4 from /srv/env\n", await GetAsync(18088));
            Assert.Equal("hello 1.0 of wheel 0.38.4 from /srv/worker/env\n", await GetAsync(18089));
            var asked = _index.Requests.Count;
            Assert.Contains("nothing to do", (await MayflyAsync("up", "--offline")).Succeeded().Output, StringComparison.Ordinal);
            Assert.Equal(asked, _index.Requests.Count);

            // A shell of one's own sees its names and has its environments, and the words lead there.
            foreach (var (shell, quiet) in ((string, string)[])[("bash", "--norc"), ("zsh", "-f"), ("fish", "--no-config")])
                Assert.Equal("worker.greeter.internal\nhello 1.0 of wheel 0.38.4 from /srv/worker/env\n/srv/env greeter\n"
                    + "it's of web|1|||\nit's of web 1 None None\n/srv/worker/env of worker None 1\nmine\nkept\n back 0\n", await WorkOnAsync(shell, quiet));

            // A newer version is told, then taken; of the images the environments alone are made anew.
            _index.Offer("greeting", [first, Greeting("2.0")]);
            Assert.Contains("nothing to do", (await MayflyAsync("up")).Succeeded().Output, StringComparison.Ordinal);
            Assert.Contains("greeting:python  1.0 → 2.0", (await MayflyAsync("update", "--yes")).Succeeded().Output, StringComparison.Ordinal);
            var plan = (await MayflyAsync("plan")).Succeeded().Output;
            Assert.Contains("\n  build image web: python packages /srv/env (", plan, StringComparison.Ordinal);
            Assert.Contains("\n  build image worker: python packages /srv/worker/env (", plan, StringComparison.Ordinal);
            (await MayflyAsync("up")).Succeeded();
            Assert.Equal("hello 2.0 of wheel 0.38.4 from /srv/env\n", await GetAsync(18088));
            Assert.Equal("hello 2.0 of wheel 0.38.4 from /srv/worker/env\n", await GetAsync(18089));

            // What could not be imported is told before, with the packages by the archive's own list, and leaves what serves alone.
            _index.Offer("native", [Native()]);
            Requirements = "greeting\nnative\n";
            var refused = (await MayflyAsync("up")).Refused("libpcap.so.0.8 (native 1.0)", "libgthread-2.0.so.0 (native 1.0)");
            Assert.Contains("hint: add .Install(\"libglib2.0-0\", \"libpcap0.8\") to ", refused.Error, StringComparison.Ordinal);
            Assert.Equal("hello 2.0 of wheel 0.38.4 from /srv/env\n", await GetAsync(18088));

            // What the lock names is in the store, so its images are built without an index, and without a network.
            _index.Offer("later", [WheelFile.Write(_wheels.FullName, "later", "1.0", new Dictionary<string, byte[]>(), "License: MIT\n")], metadata: false);
            Requirements = "greeting<2\nlater\n";
            (await MayflyAsync("lock")).Succeeded();
            asked = _index.Requests.Count;
            (await MayflyAsync("up", "--offline")).Succeeded();
            Assert.Equal(asked, _index.Requests.Count);
            Assert.Equal("hello 1.0 of wheel 0.38.4 from /srv/env\n", await GetAsync(18088));
        }
        finally
        {
            (await MayflyAsync("down", "--volumes")).Succeeded();
        }

        Assert.Empty(await Leftovers.FindAsync("greeter"));
    }

    private static void Unbuilt(Ended ended)
    {
        Assert.DoesNotContain("build ", ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("unpack", ended.Error, StringComparison.Ordinal);
    }

    private async Task<Ended> MayflyAsync(string verb, params string[] options) =>
        await Tool.RunAsync(Path.Combine(Tool.Repository, "mayfly"), [verb, Folder, .. options], _index.OnlyIndex());

    /// <summary>What is said in a session that works on the stack, and on nothing afterwards; prompts aside.</summary>
    private async Task<string> WorkOnAsync(string shell, string quiet)
    {
        var home = _wheels.CreateSubdirectory($"home-{shell}").FullName;
        File.WriteAllText($"{home}/inside", """
            getent hosts worker | sed 's/^[0-9.]* *//' >> $HOME/said
            python -c "import urllib.request; print(urllib.request.urlopen('http://worker:8000/').read().decode(), end='')" >> $HOME/said
            python -c "import os, sys, greeting; print(sys.prefix, os.environ['MAYFLY_STACK'])" >> $HOME/said
            echo "$GREETING|$ONLY_WEB|$ONLY_WORKER|$SECRET_KEY|" >> $HOME/said
            python -c "import os; print(*[os.environ.get(name) for name in ['GREETING', 'ONLY_WEB', 'ONLY_WORKER', 'SECRET_KEY']])" >> $HOME/said
            /run/mayfly/shell/worker/bin/python -c "import os, sys; print(sys.prefix, *[os.environ.get(name) for name in ['GREETING', 'ONLY_WEB', 'ONLY_WORKER']])" >> $HOME/said
            env GREETING=mine /run/mayfly/shell/worker/bin/python -c "import os; print(os.environ['GREETING'])" >> $HOME/said
            python -c "open('kept.txt', 'w').write('kept\n')"
            cat kept.txt >> $HOME/said
            deactivate

            """);
        File.WriteAllText($"{home}/session", $"""
            mayfly shell-init {shell} > {home}/words
            source {home}/words
            cd {home}
            workon greeter < {home}/inside
            echo "$GREETING" back {(shell == "fish" ? "$status" : "$?")} >> {home}/said
            getent hosts worker >> {home}/said

            """);
        Directory.CreateDirectory($"{home}/bin");
        File.CreateSymbolicLink($"{home}/bin/mayfly", Path.Combine(Tool.Repository, "mayfly"));
        var ended = await Tool.RunAsync(shell, [quiet, $"{home}/session"], new Dictionary<string, string> { ["HOME"] = home, ["WORKON_HOME"] = $"{home}/environments", ["PATH"] = $"{home}/bin:{Environment.GetEnvironmentVariable("PATH")}", ["TERM"] = "dumb" });
        Assert.True(File.Exists($"{home}/said"), $"{shell}: {ended.Output}{ended.Error}");
        Assert.Contains("note: set as for web: GREETING, ONLY_WEB, PYTHONDONTWRITEBYTECODE; not set, for it holds a secret of web: SECRET_KEY\n", ended.Error, StringComparison.Ordinal);
        return File.ReadAllText($"{home}/said");
    }

    private static async Task<string> GetAsync(int port)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
        return await client.GetStringAsync($"http://localhost:{port}/");
    }

    /// <summary>A server that says who it is; it needs a real project. The host's store, which outlives these tests, has never seen it.</summary>
    private string Greeting(string version) => WheelFile.WriteWith(_wheels.FullName, "greeting", version, new Dictionary<string, string>
    {
        ["greeting.py"] = $$"""
            # {{Guid.NewGuid()}}
            import signal, sys, wheel


            def application(environ, start_response):
                start_response("200 OK", [("Content-Type", "text/plain")])
                return [f"hello {{version}} of wheel {wheel.__version__} from {sys.prefix}\n".encode()]


            def main():
                from wsgiref.simple_server import make_server
                signal.signal(signal.SIGTERM, lambda *_: sys.exit())
                make_server("", int(sys.argv[1]), application).serve_forever()

            """,
        [$"greeting-{version}.dist-info/entry_points.txt"] = "[console_scripts]\ngreet = greeting:main\n",
    }, "Name: greeting\nRequires-Dist: wheel\nLicense: MIT\n");

    /// <summary>An extension module that wants libraries which no image has: one that is called as policy 8.1 has it, and one whose package only the archive's own list tells.</summary>
    private string Native()
    {
        var folder = _wheels.CreateSubdirectory("native").FullName;
        File.WriteAllText($"{folder}/empty.c", "int nothing;\n");
        foreach (var (name, file) in (IEnumerable<(string, string)>)[("libpcap.so.0.8", "libpcap.so"), ("libgthread-2.0.so.0", "libgthread.so")])
            Compile("-shared", $"-Wl,-soname,{name}", "-o", $"{folder}/{file}", $"{folder}/empty.c");
        Compile("-shared", "-o", $"{folder}/module.so", $"{folder}/empty.c", "-Wl,--no-as-needed", $"-L{folder}", "-lpcap", "-lgthread", "-lc");
        return WheelFile.Write(_wheels.FullName, "native", "1.0", new Dictionary<string, byte[]> { ["native/module.so"] = File.ReadAllBytes($"{folder}/module.so") }, "License: MIT\n", pure: false);

        static void Compile(params string[] words)
        {
            using var process = Process.Start("gcc", words);
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
        }
    }
}
