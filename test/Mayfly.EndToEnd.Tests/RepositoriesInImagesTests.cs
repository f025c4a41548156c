using System.Text.RegularExpressions;
using Mayfly.Environments.Tests;
using Mayfly.Packages.Tests.Debian;
using Mayfly.Packages.Tests.Python;

namespace Mayfly.EndToEnd.Tests;

/// <summary>A project from a repository of git in an image that has no git: locked by commit, its version from a tag by setuptools-scm itself, and the same on another host.</summary>
[Collection(OnThisHost.Name)]
[Trait("needs", "root")]
[Trait("needs", "oracle")]
public sealed partial class RepositoriesInImagesTests : IDisposable
{
    private readonly Workspace _workspace = new();
    private readonly FaultyServer _server = new() { ContentType = "application/vnd.pypi.simple.v1+json" };
    private readonly DirectoryInfo _wheels = Directory.CreateTempSubdirectory("mayfly-wheels-");

    private string Folder => _workspace.FolderOf("answers");

    private string Clone => $"{_wheels.FullName}/clone";

    public void Dispose()
    {
        _server.Dispose();
        _workspace.Dispose();
        _wheels.Delete(recursive: true);
    }

    [Fact]
    public async Task A_commit_is_locked_and_built_with_the_version_of_its_tag_and_another_host_has_the_same()
    {
        _workspace.Copy(Path.Combine(Tool.Repository, "examples"), "");
        _workspace.Copy(Path.Combine(Tool.Repository, "test/Mayfly.EndToEnd.Tests/stacks/answers"), "answers");
        File.WriteAllText($"{Folder}/stack.cs", File.ReadAllText($"{Folder}/stack.cs").Replace(", \"python3-dev\", \"gcc\"", "", StringComparison.Ordinal).Replace("[\"fast\"]", "[\"told\"]", StringComparison.Ordinal));
        await _server.OfferPackagesAsync(_wheels, ("python3-setuptools-scm", "setuptools_scm", "setuptools_scm", ["packaging", "setuptools", "typing-extensions"]), ("python3-packaging", "packaging", "packaging", []));
        _server.Files["simple/setuptools-scm/"] = _server.Files["simple/setuptools_scm/"];
        foreach (var project in (string[])["setuptools", "wheel"])
            _server.Offer(project, Directory.GetFiles("/usr/share/python-wheels", $"{project}-*.whl"));
        // One module, which Debian has without a folder.
        _server.Offer("typing-extensions", [WheelFile.Write(_wheels.FullName, "typing_extensions", "4.4.0", new Dictionary<string, string> { ["typing_extensions.py"] = "from typing import *\n" })]);
        SourceProject.Folder(Clone, new Dictionary<string, string>
        {
            // This host's store has never seen it.
            ["README"] = $"{Guid.NewGuid()}\n",
            ["pyproject.toml"] = "[build-system]\nrequires = ['setuptools', 'setuptools-scm']\nbuild-backend = 'setuptools.build_meta'\n[project]\nname = 'told'\ndynamic = ['version']\n[project.scripts]\nanswer = 'serving:main'\n[tool.setuptools]\npy-modules = ['serving']\n[tool.setuptools_scm]\n",
            ["serving.py"] = """
                import importlib.metadata, sys
                from http.server import BaseHTTPRequestHandler, HTTPServer

                class Answer(BaseHTTPRequestHandler):
                    def do_GET(self):
                        self.send_response(200)
                        self.end_headers()
                        told = importlib.metadata.distribution('told')
                        self.wfile.write(f'{told.version} {told.read_text("direct_url.json")}'.encode())

                def main():
                    HTTPServer(('', int(sys.argv[1])), Answer).serve_forever()

                """,
        });
        var clone = new ServedRepository(Clone, _server, "told.git").Begin();
        var first = clone.Commit("one");
        clone.Git("tag", "v1.2");
        clone.Publish();
        File.WriteAllText($"{Folder}/requirements.txt", $"told @ git+{_server.Address}told.git@main\n");
        try
        {
            (await MayflyAsync("up")).Succeeded();
            var locked = File.ReadAllText($"{Folder}/stack.lock");
            Assert.Contains($"index = \"repository\", from = \"git+{_server.Address}told.git@main\"", locked, StringComparison.Ordinal);
            Assert.Contains($"commit = \"{first}\", tag = \"v1.2-0-g{first[..12]}\"", locked, StringComparison.Ordinal);
            using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
            Assert.Equal($"1.2 {{\"url\": \"{_server.Address}told.git\", \"vcs_info\": {{\"commit_id\": \"{first}\", \"requested_revision\": \"main\", \"vcs\": \"git\"}}}}", await client.GetStringAsync(new Uri("http://127.0.0.1:18088/"), TestContext.Current.CancellationToken));

            // Its tag is taken away and the branch goes on; another host clones it again, and has the same.
            File.WriteAllText($"{Clone}/later.txt", "");
            var second = clone.Commit("two");
            clone.Git("tag", "--delete", "v1.2");
            clone.Git("tag", "v2.0");
            clone.Publish();
            var wheel = Built().Match(locked);
            Assert.True(wheel.Success, locked);
            HostStore.Forget(wheel.Groups["wheel"].Value, wheel.Groups["sources"].Value);
            var again = (await MayflyAsync("up")).Succeeded();
            Assert.Contains("clone git+", again.Error, StringComparison.Ordinal);
            Assert.Contains("build told.tar", again.Error, StringComparison.Ordinal);
            Assert.Contains("nothing to do", again.Output, StringComparison.Ordinal);
            Assert.Equal(locked, File.ReadAllText($"{Folder}/stack.lock"));

            // What it is now, an update takes.
            var updated = (await MayflyAsync("update", "--yes")).Succeeded();
            Assert.Contains("told:python  1.2 → 2.0", updated.Output, StringComparison.Ordinal);
            (await MayflyAsync("up")).Succeeded();
            Assert.StartsWith($"2.0 {{\"url\": \"{_server.Address}told.git\", \"vcs_info\": {{\"commit_id\": \"{second}\"", await client.GetStringAsync(new Uri("http://127.0.0.1:18088/"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
        finally
        {
            (await MayflyAsync("down", "--volumes")).Succeeded();
        }

        Assert.Empty(await Leftovers.FindAsync("answers"));
    }

    private async Task<Ended> MayflyAsync(string verb, params string[] options) => await Tool.RunAsync(Path.Combine(Tool.Repository, "mayfly"), [verb, Folder, .. options], _server.OnlyIndex());

    [GeneratedRegex("index = \"repository\", from = \"[^\"]*\", size = \\d+, sha256 = \"(?<wheel>[0-9a-f]{64})\".*source = \\{ file = \"told\\.tar\", size = \\d+, sha256 = \"(?<sources>[0-9a-f]{64})\"")]
    private static partial Regex Built();
}
