using Mayfly.Packages.Python;

namespace Mayfly.Packages.Tests.Python;

/// <summary><c>pyproject.toml</c> as the standards have it, and what is said of one that is not so.</summary>
public sealed class PythonProjectTests
{
    [Fact]
    public void A_project_is_read()
    {
        var project = PythonProject.Read("""
            [build-system]
            requires = ["hatchling >=1.20"]
            build-backend = "hatchling.build"

            [project]
            name = "My.Shop"
            requires-python = ">=3.9"
            license = "MIT"
            dynamic = ["version"]
            dependencies = ["Django>=4.2,<5", 'uvloop; sys_platform == "linux"']

            [project.optional-dependencies]
            Post_gres = ["psycopg[binary]"]

            [dependency-groups]
            Test = ["pytest", "coverage[toml]"]
            lint = ["ruff>=0.5"]
            dev = [{include-group = "test"}, "ipython", {include-group = "Lint"}]
            """, "pyproject.toml");
        Assert.Equal(("my-shop", ">=3.9", "hatchling.build", "MIT"), (project.Name!.Value.Text, project.RequiresPython.ToString(), project.BuildBackend, project.LicenceExpression));
        Assert.Equal(["django<5,>=4.2", "uvloop; sys_platform == \"linux\""], project.Dependencies.Select(static one => one.ToString().Replace(">=4.2,<5", "<5,>=4.2", StringComparison.Ordinal)));
        Assert.Equal(["hatchling>=1.20"], project.BuildRequires.Select(static one => one.ToString()));
        Assert.Equal(["psycopg[binary]"], project.Extras[ProjectName.Parse("post-gres")].Select(static one => one.ToString()));
        Assert.Equal(["pytest", "coverage[toml]", "ipython", "ruff>=0.5"], project.Groups[ProjectName.Parse("dev")].Select(static one => one.ToString()));
        Assert.Equal(["version"], project.Dynamic);
    }

    [Fact]
    public void One_that_says_nothing_is_built_by_setuptools()
    {
        var project = PythonProject.Read("# nothing\n", "pyproject.toml");
        Assert.Null(project.Name);
        Assert.Equal(["setuptools>=40.8.0"], project.BuildRequires.Select(static one => one.ToString()));
        Assert.Equal("setuptools.build_meta:__legacy__", project.BuildBackend);
    }

    [Fact]
    public void A_table_goes_on_after_another_one()
    {
        var project = PythonProject.Read("[project]\nname = 'a'\ndependencies = ['b']\n[tool.x]\ny = 1\n[[tool.z]]\nk = 1\n[project.optional-dependencies]\ne = ['c']\n[[tool.z]]\nk = 2\n", "pyproject.toml");
        Assert.Equal(("a", "b", "c"), (project.Name!.Value.Text, project.Dependencies.Single().ToString(), project.Extras.Single().Value.Single().ToString()));
    }

    [Theory]
    [InlineData("[build-system]\nbuild-backend = 'x'\n", "pyproject.toml: [build-system] says no requires")]
    [InlineData("[project]\nname = 'a'\nname = 'b'\n", "pyproject.toml")]
    [InlineData("[project]\nversion = '1'\n", "pyproject.toml: [project] says no name")]
    [InlineData("[project]\nname = 'a b'\n", "pyproject.toml: 'a b' is no name of a project")]
    [InlineData("[project]\nname = 1\n", "pyproject.toml: name should be a text")]
    [InlineData("[project]\nname = 'a'\ndependencies = 'b'\n", "pyproject.toml: dependencies should be a list")]
    [InlineData("[project]\nname = 'a'\ndependencies = [1]\n", "pyproject.toml: dependencies should be a list of texts")]
    [InlineData("[project]\nname = 'a'\nversion = '1'\ndynamic = ['version']\n", "pyproject.toml: version is there and is said to be dynamic")]
    [InlineData("[project]\nname = 'a'\n[project.optional-dependencies]\nx_y = []\nX-y = []\n", "pyproject.toml: the extra X-y is there twice")]
    [InlineData("project = 1\n", "pyproject.toml: project should be a table")]
    [InlineData("[dependency-groups]\na = [{include-group = 'b'}]\nb = [{include-group = 'a'}]\n", "pyproject.toml: the dependency group a includes itself, by way of b")]
    [InlineData("[dependency-groups]\na = [{include-group = 'a'}]\n", "pyproject.toml: the dependency group a includes itself")]
    [InlineData("[dependency-groups]\na = [{include-group = 'c'}]\n", "pyproject.toml: the dependency group a includes c, which is not there")]
    [InlineData("[dependency-groups]\na = [{include = 'c'}]\n", "pyproject.toml: the dependency group a has an entry that is neither a dependency nor {include-group = \"…\"}")]
    [InlineData("[dependency-groups]\na_b = []\nA-b = []\n", "pyproject.toml: the dependency group A-b is there twice")]
    [InlineData("[dependency-groups]\na = ['b c']\n", "pyproject.toml: ")]
    [InlineData("[project\n", "pyproject.toml is not TOML: ")]
    public void What_is_not_as_the_standards_have_it_is_told(string text, string message)
    {
        var failure = Assert.Throws<MayflyException>(() => PythonProject.Read(text, "pyproject.toml"));
        Assert.StartsWith(message, failure.Message, StringComparison.Ordinal);
        Assert.NotEmpty(failure.Hint!);
    }

    [Fact]
    public void Brackets_without_end_are_refused() =>
        Assert.StartsWith("pyproject.toml", Assert.Throws<MayflyException>(() => PythonProject.Read($"x = {new string('[', 5_000)}", "pyproject.toml")).Message, StringComparison.Ordinal);
}
