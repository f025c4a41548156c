using Mayfly.Environments.Tests;

namespace Mayfly.Cli.Tests;

/// <summary>What <c>mayfly env</c> gives programs, whole, and what it is told as pip is.</summary>
[Trait("needs", "oracle")]
public sealed class EnvironmentsForPrograms : IDisposable
{
    private const string Backend = """
        import base64, hashlib, zipfile
        def build_wheel(folder, config_settings=None, metadata_directory=None):
            files = {'own.py': 'print(%r)\n' % (config_settings,), 'own-1.0.dist-info/METADATA': 'Metadata-Version: 2.2\nName: own\nVersion: 1.0\n',
                     'own-1.0.dist-info/WHEEL': 'Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n'}
            digest = lambda text: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()
            files['own-1.0.dist-info/RECORD'] = ''.join('%s,sha256=%s,%d\n' % (name, digest(text), len(text)) for name, text in files.items()) + 'own-1.0.dist-info/RECORD,,\n'
            with zipfile.ZipFile(folder + '/own-1.0-py3-none-any.whl', 'w') as wheel:
                for name, text in files.items():
                    wheel.writestr(name, text)
            return 'own-1.0-py3-none-any.whl'

        """;

    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Made by each test and not where the class is: what a machine cannot run is skipped after that.</summary>
    private void CreateShop()
    {
        var wheels = Directory.CreateDirectory($"{_folder.Path}/wheels").FullName;
        WheelFile.WriteWith(wheels, "web", "1.0", new Dictionary<string, string> { ["web.py"] = "" }, "Name: web\nSummary: The first\nLicense-Expression: mit\nRequires-Dist: orm<2\n");
        WheelFile.Write(wheels, "web", "2.0", new Dictionary<string, string> { ["web.py"] = "" }, requires: "orm");
        WheelFile.Write(wheels, "orm", "1.5", new Dictionary<string, string> { ["orm.py"] = "" });
        WheelFile.Write(wheels, "orm", "2.0", new Dictionary<string, string> { ["orm.py"] = "" });
        Assert.Equal(0, Env("create", "shop", "--python", "/usr/bin/python3", "web<2").ExitCode);
    }

    private Invocation Env(params string[] words) => Invocation.Run(_folder, Invocation.WheelsAlone(_folder), ["env", .. words]);

    [Theory]
    [InlineData("env-json-show", 0, "show", "--env", "shop")]
    [InlineData("env-json-show-package", 0, "show", "web", "--files", "--env", "shop")]
    [InlineData("env-json-freeze", 0, "freeze", "--env", "shop")]
    [InlineData("env-json-which", 0, "which", "orm", "--env", "shop")]
    [InlineData("env-json-doctor", 0, "doctor", "--env", "shop")]
    [InlineData("env-json-upgrade", 0, "upgrade", "--dry-run", "--env", "shop")]
    [InlineData("env-json-remove", 0, "remove", "orm", "--force", "--dry-run", "--env", "shop")]
    [InlineData("env-json-nothing-to-do", 0, "install", "orm", "--env", "shop")]
    public void What_is_asked_for_as_data_is_data(string snapshot, int code, params string[] words)
    {
        CreateShop();
        var said = Env([.. words, "--json"]);
        Assert.Equal(code, said.ExitCode);
        said.ShouldMatch(snapshot);
        // Nothing was changed.
        Assert.Equal("orm==1.5\nweb==1.0\n", Env("freeze", "--env", "shop").Output);
    }

    [Fact]
    public void What_was_changed_and_is_wrong_is_data_too()
    {
        CreateShop();
        Env("install", "-U", "web", "orm", "--json", "--env", "shop").ShouldMatch("env-json-install");
        Env("diff", "--json", "--env", "shop").ShouldMatch("env-json-diff");
        File.AppendAllText(Directory.GetFiles($"{_folder.Path}/environments/shop/lib", "orm.py", SearchOption.AllDirectories).Single(), "x");
        Env("doctor", "--json", "--env", "shop").ShouldMatch("env-json-doctor-finds");
        Assert.Equal(0, Env("rollback", "--env", "shop").ExitCode);
        Assert.Equal(0, Env("create", "other", "--python", "/usr/bin/python3", "web<2").ExitCode);
        Assert.Equal("[]\n", Env("diff", "other", "--json", "--env", "shop").Output);
        Env("create", "third", "--python", "/usr/bin/python3", "web<2", "--dry-run", "--json").ShouldMatch("env-json-create");
        Assert.Equal("would make FOLDER/environments/third with Python 3.11.2\n+ orm 1.5\n+ web 1.0\nthird: would be 2 installed\n", Env("create", "third", "--python", "/usr/bin/python3", "web<2", "--dry-run").Output);
        Assert.Equal("would make FOLDER/environments/third with Python 3.11.2\n", Env("create", "third", "--python", "/usr/bin/python3", "--dry-run").Output);
        Assert.False(Directory.Exists($"{_folder.Path}/environments/third"));
    }

    [Fact]
    public void How_indexes_are_reached_is_told_as_pip_is_told()
    {
        CreateShop();
        // Certificates are read when a host has some to be compared with.
        string[] index = ["install", "elsewhere", "--find-links", "https://index.test/simple/", "--env", "shop"];
        File.WriteAllText($"{_folder.Path}/empty.pem", "");
        foreach (var (words, message) in ((string[], string)[])
            [
                (["--cert", "/nowhere.pem"], "error: there are no certificates at /nowhere.pem\nhint: name a file in the PEM format that is there, or nothing: --cert, --client-cert, PIP_CERT, "),
                (["--cert", "empty.pem"], "error: empty.pem has no certificates\n"),
                (["--client-cert", "/nowhere.pem"], "error: there are no certificates at /nowhere.pem\n"),
                (["--proxy", "http://["], "error: the proxy 'http://[' is no address\nhint: write --proxy, PIP_PROXY, or proxy in pip.conf, as http://HOST:PORT\n"),
            ])
        {
            var failed = Env([.. index, .. words]);
            Assert.Equal(1, failed.ExitCode);
            Assert.StartsWith(message, failed.Error, StringComparison.Ordinal);
            Assert.StartsWith(message, Env(["sync", "--lock", Lock(), "--env", "shop", .. words]).Error, StringComparison.Ordinal);
        }

        string Lock()
        {
            File.WriteAllText($"{_folder.Path}/far.toml", $"lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'web'\nversion = '2.0'\nwheels = [{{url = 'https://index.test/web-2.0-py3-none-any.whl', hashes = {{sha256 = '{new string('0', 64)}'}}}}]\n");
            return "far.toml";
        }
    }

    [Fact]
    public void Settings_and_preferred_wheels_count()
    {
        CreateShop();
        SourceProject.Archive($"{_folder.Path}/wheels", "own", new Dictionary<string, string> { ["pyproject.toml"] = "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n", ["backend.py"] = Backend }, "Metadata-Version: 2.2\nName: own\nVersion: 1.0\n");
        WheelFile.Write($"{_folder.Path}/wheels", "own", "0.9", new Dictionary<string, string> { ["own.py"] = "" });
        Assert.Equal("+ own 1.0\nshop: would be 1 installed\n", Env("install", "own", "--allow-build", "own", "--dry-run", "--env", "shop").Output);
        Assert.Equal("+ own 0.9\nshop: would be 1 installed\n", Env("install", "own", "--allow-build", "own", "--prefer-binary", "--dry-run", "--env", "shop").Output);
        Assert.Equal(0, Env("lock", "own==1.0", "--allow-build", "own", "--python", "/usr/bin/python3").ExitCode);
        Assert.Equal("+ own 1.0\n- orm 1.5\n- web 1.0\n".Split('\n').Order(), Env("sync", "--allow-build", "own", "-C", "colour=blue", "-C", "colour=green", "-C", "fast=", "--env", "shop") is { ExitCode: 0 } done ? done.Output.Split('\n').Where(static line => !line.StartsWith("shop", StringComparison.Ordinal)).Order() : []);
        Assert.Equal("{'colour': ['blue', 'green'], 'fast': ''}\n", Env("run", "--env", "shop", "--", "python", "-c", "import own").Output);
    }
}
