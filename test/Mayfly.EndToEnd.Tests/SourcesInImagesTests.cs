using System.Net;
using System.Text.RegularExpressions;
using Mayfly.Environments.Tests;

namespace Mayfly.EndToEnd.Tests;

/// <summary>A stack whose packages are to be had as sources alone: built in its image, by the image's compiler, locked with what they are built with, and built again to the same bytes.</summary>
[Collection(OnThisHost.Name)]
[Trait("needs", "root")]
[Trait("needs", "oracle")]
public sealed partial class SourcesInImagesTests : IDisposable
{
    private const string Allowed = ", allowBuild: [\"fast\"]", Installed = ", \"python3-dev\", \"gcc\"";

    private readonly Workspace _workspace = new();
    private readonly string _links = Directory.CreateTempSubdirectory("mayfly-links-").FullName;

    private string Folder => _workspace.FolderOf("answers");

    /// <summary>An extension in C, and a server of what it says.</summary>
    private static Dictionary<string, string> Fast => new()
    {
        ["pyproject.toml"] = "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n",
        // By nobody, who may do nothing, with no network but itself.
        ["setup.py"] = "import os\nassert os.getuid() == 65534 and os.getgroups() == []\nsaid = dict(line.split(':\\t') for line in open('/proc/self/status').read().splitlines() if ':\\t' in line)\nassert said['CapEff'] == said['CapBnd'] == '0' * 16 and said['NoNewPrivs'] == '1'\nassert os.getsid(0) > 0, 'a session of somebody outside, who may have a terminal'\nassert [line.split(':')[0].strip() for line in open('/proc/net/dev')][2:] == ['lo']\nassert not os.path.exists('/srv/env') and not os.access('/build', os.W_OK) and os.getcwd() == '/build/sources/fast-1.0'\nfrom setuptools import setup, Extension\nsetup(name='fast', version='1.0', py_modules=['serving'], ext_modules=[Extension('fast', ['fast.c'])], install_requires=['wheel'], entry_points={'console_scripts': ['answer = serving:main']})\n",
        ["fast.c"] = """
            #include <Python.h>
            static PyObject *answer(PyObject *self, PyObject *none) { return PyUnicode_FromString("42 by gcc " __VERSION__); }
            static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
            static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "fast", 0, -1, methods};
            PyMODINIT_FUNC PyInit_fast(void) { return PyModule_Create(&module); }

            """,
        ["serving.py"] = """
            import fast, sys
            from http.server import BaseHTTPRequestHandler, HTTPServer

            class Answer(BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write((fast.answer() + ' from ' + sys.prefix + '\n').encode())

            def main():
                HTTPServer(('', int(sys.argv[1])), Answer).serve_forever()

            """,
    };

    public void Dispose()
    {
        _workspace.Dispose();
        Directory.Delete(_links, recursive: true);
        // What a refused build said is kept until somebody prunes.
        if (Directory.Exists($"{HostStore.Folder}/failed/wheel-fast-1.0.tar.gz"))
            Directory.Delete($"{HostStore.Folder}/failed/wheel-fast-1.0.tar.gz", recursive: true);
    }

    [Fact]
    public async Task They_are_built_in_it_and_locked_and_built_again_to_the_same_bytes()
    {
        _workspace.Copy(Path.Combine(Tool.Repository, "examples"), "");
        _workspace.Copy(Path.Combine(Tool.Repository, "test/Mayfly.EndToEnd.Tests/stacks/answers"), "answers");
        BackendWheels.Write(_links);
        SourceProject.Archive(_links, "fast", Fast);
        var script = File.ReadAllText($"{Folder}/stack.cs");

        // Whose code runs is said in the script, and what it needs there too.
        Script(script.Replace(Allowed, "", StringComparison.Ordinal));
        Assert.Contains("permit it with .Pip(\"requirements.txt\", into: \"/srv/env\", allowBuild: [\"fast\"])", (await MayflyAsync("lock")).Refused("fast").Error, StringComparison.Ordinal);
        Script(script.Replace(Installed, "", StringComparison.Ordinal));
        Assert.Contains("in the image of worker: add .Install(\"gcc\", \"libc6-dev\") to worker", (await MayflyAsync("lock")).Refused("fast-1.0.tar.gz cannot be built").Error, StringComparison.Ordinal);
        Assert.False(File.Exists($"{Folder}/stack.lock"));
        Script(script);
        try
        {
            (await MayflyAsync("lock")).Succeeded();
            var locked = File.ReadAllText($"{Folder}/stack.lock");
            var built = Built().Match(locked);
            Assert.True(built.Success, locked);
            Assert.Equal(["setuptools", "wheel"], With().Matches(built.Groups["with"].Value).Select(static one => one.Groups["name"].Value));

            (await MayflyAsync("up", "--offline")).Succeeded();
            using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
            Assert.Matches(@"^42 by gcc 12\..* from /srv/env\n$", await client.GetStringAsync(new Uri("http://127.0.0.1:18088/"), TestContext.Current.CancellationToken));

            // What leads out of the build's folder is nobody's wheel, nor is what says nothing of itself.
            SourceProject.Archive(_links, "sly", new Dictionary<string, string>
            {
                ["pyproject.toml"] = "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n[project]\nname = 'sly'\nversion = '1.0'\n",
                ["backend.py"] = "import os\ndef build_wheel(folder, config_settings=None, metadata_directory=None):\n    os.symlink('/etc/passwd', folder + '/sly-1.0-py3-none-any.whl')\n    return 'sly-1.0-py3-none-any.whl'\n",
            }, "Metadata-Version: 2.2\nName: sly\nVersion: 1.0\n");
            File.WriteAllText($"{Folder}/requirements.txt", "fast\nsly\n");
            Script(script.Replace("\"fast\"]", "\"fast\", \"sly\"]", StringComparison.Ordinal));
            (await MayflyAsync("lock")).Refused("sly-1.0.tar.gz cannot be used: its build says that it made 'sly-1.0-py3-none-any.whl', which is no wheel");
            File.WriteAllText($"{Folder}/requirements.txt", "fast\n");
            Script(script);
            Assert.Equal(locked, File.ReadAllText($"{Folder}/stack.lock"));

            // Another host has the lock and nothing else: what was built is made again, of the same inputs, and is the same. Its network has the files alone.
            var wheel = built.Groups["sha256"].Value;
            HostStore.Forget(wheel, Digest("setuptools-66.1.1-py3-none-any.whl"), Digest("fast-1.0.tar.gz"));
            var again = (await MayflyAsync("up")).Succeeded();
            Assert.Contains("build fast-1.0.tar.gz", again.Error, StringComparison.Ordinal);
            Assert.Contains("nothing to do", again.Output, StringComparison.Ordinal);
            Assert.Equal(locked, File.ReadAllText($"{Folder}/stack.lock"));

            // Other bytes than the lock's are nobody's.
            HostStore.Forget(wheel);
            File.WriteAllText($"{Folder}/stack.lock", locked.Replace(wheel, new string('0', 64), StringComparison.Ordinal));
            (await MayflyAsync("up")).Refused("fast-1.0.tar.gz gave another wheel than the one that stack.lock has", wheel);
            // A lock says what is built, and the script alone whose code may run.
            File.WriteAllText($"{Folder}/stack.lock", locked);
            Script(script.Replace(Allowed, "", StringComparison.Ordinal));
            HostStore.Forget(wheel);
            (await MayflyAsync("licenses")).Refused("stack.lock has fast-1.0.tar.gz, and nothing of fast may be built");
        }
        finally
        {
            Script(script);
            (await MayflyAsync("down", "--volumes")).Succeeded();
        }

        Assert.Empty(await Leftovers.FindAsync("answers"));
    }

    [Fact]
    public async Task Folders_and_addresses_stand_in_the_place_of_versions_and_a_change_is_brought_live()
    {
        _workspace.Copy(Path.Combine(Tool.Repository, "examples"), "");
        _workspace.Copy(Path.Combine(Tool.Repository, "test/Mayfly.EndToEnd.Tests/stacks/answers"), "answers");
        BackendWheels.Write(_links);
        SourceProject.Folder($"{Folder}/fast", Fast.ToDictionary(static file => file.Key, static file => file.Value
            .Replace("/build/sources/fast-1.0", "/build/sources/fast", StringComparison.Ordinal)
            // What pip would have written of where it is from.
            .Replace("self.wfile.write((fast.answer()", "import importlib.metadata as m\n        self.wfile.write(' '.join(str(m.distribution(one).read_text('direct_url.json')) for one in self.path[1:].split(',') if one).encode() if len(self.path) > 1 else (fast.answer()", StringComparison.Ordinal)));
        Script(File.ReadAllText($"{Folder}/stack.cs").Replace(Allowed, "", StringComparison.Ordinal));
        using var server = new OneFile($"{_links}/wheel-0.38.4-py3-none-any.whl");
        File.WriteAllText($"{Folder}/requirements.txt", $"-e ./fast\nwheel @ {server.Address.Replace("http://", "http://joe:sw0rdfish@", StringComparison.Ordinal)}\n");
        try
        {
            // Whose folder it is has written the file that names it, and need not permit it; only the build can say what project it is.
            var up = (await MayflyAsync("up")).Succeeded();
            Assert.Contains("-e ./fast: an image has nothing of this host's folder, and gets a copy", up.Error, StringComparison.Ordinal);
            var locked = File.ReadAllText($"{Folder}/stack.lock");
            Assert.Matches("file = \"fast-1\\.0-cp311-cp311-linux_x86_64\\.whl\", index = \"folder\", from = \"\\./fast\", size = \\d+, sha256 = \"[0-9a-f]{64}\", needs = \\[\"wheel\"\\], source = \\{ file = \"fast\\.tar\", ", locked);
            Assert.Contains($"index = \"address\", from = \"{server.Address}\"", locked, StringComparison.Ordinal);
            Assert.All(["sw0rdfish", Folder], secret => Assert.DoesNotContain(secret, locked, StringComparison.Ordinal));
            using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
            Assert.Matches(@"^42 by gcc 12\..* from /srv/env\n$", await client.GetStringAsync(new Uri("http://127.0.0.1:18088/"), TestContext.Current.CancellationToken));
            Assert.Equal($"None {{\"archive_info\": {{\"hash\": \"sha256={Digest("wheel-0.38.4-py3-none-any.whl")}\", \"hashes\": {{\"sha256\": \"{Digest("wheel-0.38.4-py3-none-any.whl")}\"}}}}, \"url\": \"{server.Address}\"}}",
                await client.GetStringAsync(new Uri("http://127.0.0.1:18088/fast,wheel"), TestContext.Current.CancellationToken));
            Assert.Contains("worker asks for fast @ file:///${PROJECT_ROOT}/fast in /srv/env", (await MayflyAsync("why", "fast")).Succeeded().Output, StringComparison.Ordinal);

            // Nothing was touched, and nothing is asked for.
            server.Stop();
            Assert.Contains("nothing to do", (await MayflyAsync("up")).Succeeded().Output, StringComparison.Ordinal);
            Assert.Equal(locked, File.ReadAllText($"{Folder}/stack.lock"));

            // Another host has the same bytes of the same folder.
            var wheel = FolderWheel().Match(locked);
            HostStore.Forget(wheel.Groups["wheel"].Value, wheel.Groups["sources"].Value);
            var again = (await MayflyAsync("up")).Succeeded();
            Assert.Contains("build fast.tar", again.Error, StringComparison.Ordinal);
            Assert.Contains("nothing to do", again.Output, StringComparison.Ordinal);

            // A line of C is a new lock, a new wheel and a new answer; all others stay.
            File.WriteAllText($"{Folder}/fast/fast.c", Fast["fast.c"].Replace("42", "43", StringComparison.Ordinal));
            (await MayflyAsync("up")).Succeeded();
            Assert.StartsWith("43 by gcc 12.", await client.GetStringAsync(new Uri("http://127.0.0.1:18088/"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
            Assert.Equal(2, locked.Split('\n').Zip(File.ReadAllText($"{Folder}/stack.lock").Split('\n')).Count(static pair => pair.First != pair.Second) + 1);

            // What is broken is told, and what runs runs on.
            File.WriteAllText($"{Folder}/fast/fast.c", "int x = ;\n");
            (await MayflyAsync("up")).Refused("fast.tar cannot be built", "fast.c:1");
            Assert.StartsWith("43 by gcc 12.", await client.GetStringAsync(new Uri("http://127.0.0.1:18088/"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
        finally
        {
            if (Directory.Exists($"{HostStore.Folder}/failed/wheel-fast.tar"))
                Directory.Delete($"{HostStore.Folder}/failed/wheel-fast.tar", recursive: true);
            (await MayflyAsync("down", "--volumes")).Succeeded();
        }

        Assert.Empty(await Leftovers.FindAsync("answers"));
    }

    /// <summary>Serves one file to joe.</summary>
    private sealed class OneFile : IDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly string _path;

        public OneFile(string path)
        {
            _path = path;
            using (var free = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0))
            {
                free.Start();
                Address = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/files/{Path.GetFileName(path)}";
            }

            _listener.Prefixes.Add(Address[..Address.LastIndexOf('/')] + "/");
            _listener.Start();
            _ = ServeAsync();
        }

        public string Address { get; }

        public void Stop() => _listener.Stop();

        public void Dispose() => _listener.Close();

        private async Task ServeAsync()
        {
            while (_listener.IsListening)
            {
                HttpListenerContext asked;
                try
                {
                    asked = await _listener.GetContextAsync();
                }
                catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }

                using var answer = asked.Response;
                answer.StatusCode = asked.Request.Headers["Authorization"] != $"Basic {Convert.ToBase64String("joe:sw0rdfish"u8)}" ? 401 : asked.Request.Url!.AbsolutePath == new Uri(Address).AbsolutePath ? 200 : 404;
                if (answer.StatusCode == 200 && asked.Request.HttpMethod == "GET")
                {
                    var bytes = await File.ReadAllBytesAsync(_path);
                    answer.ContentLength64 = bytes.Length;
                    await answer.OutputStream.WriteAsync(bytes);
                }
            }
        }
    }

    private void Script(string text) => File.WriteAllText($"{Folder}/stack.cs", text);

    private string Digest(string file) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes($"{_links}/{file}")));

    private async Task<Ended> MayflyAsync(string verb, params string[] options) =>
        await Tool.RunAsync(Path.Combine(Tool.Repository, "mayfly"), [verb, Folder, .. options], new Dictionary<string, string> { ["PIP_NO_INDEX"] = "1", ["PIP_FIND_LINKS"] = _links, ["PIP_CONFIG_FILE"] = "/dev/null" });

    [GeneratedRegex("file = \"fast-1\\.0-cp311-cp311-linux_x86_64\\.whl\", index = \"links\", size = \\d+, sha256 = \"(?<sha256>[0-9a-f]{64})\", needs = \\[\"wheel\"\\], source = \\{ file = \"fast-1\\.0\\.tar\\.gz\", size = \\d+, sha256 = \"[0-9a-f]{64}\", packages = \"[0-9a-f]{64}\", with = \\[(?<with>.*)\\] \\} \\},")]
    private static partial Regex Built();

    [GeneratedRegex("from = \"\\./fast\", size = \\d+, sha256 = \"(?<wheel>[0-9a-f]{64})\".*source = \\{ file = \"fast\\.tar\", size = \\d+, sha256 = \"(?<sources>[0-9a-f]{64})\"")]
    private static partial Regex FolderWheel();

    [GeneratedRegex("file = \"(?<name>[a-z]+)-")]
    private static partial Regex With();
}
